/** The CronJob that begins the sessions of a BackupConfiguration, and whether the one that is there still says so. */
import type { CronJob, Named, Stored } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { holds } from '#src/domain/session/holds.ts';
import { cronJobName, fingerprint, labelValue } from '#src/domain/workload/names.ts';
import { targetLabels } from '#src/domain/backup/build-backup.ts';

import { jobAccount } from './build-job-rights.ts';
import { configuredTarget } from './check-configuration.ts';
import { buildPodTemplate, type PodTemplateOptions } from './pod-template.ts';

/** Fingerprint of the spec that we asked for: tells a setting that was taken out from one that the server filled in. */
const specAnnotation = 'stash.appscode.com/cron-job-spec';

/** A run that could not begin in time, because the control plane was down or the schedule was suspended, is made up for so long. */
const startingDeadlineSeconds = 30 * 60;
/** A pod that cannot be started would otherwise hold up every later run. */
const activeDeadlineSeconds = 10 * 60;

export type CronJobOptions = Pick<PodTemplateOptions, 'image' | 'imagePullPolicy'>;

/** The very CronJob that a write of ours came to: one that was made anew begins to count its generations anew. */
export interface SettledCronJob {
  readonly uid: string;
  readonly generation: number | undefined;
}

export function buildCronJob(
  configuration: Stored<BackupConfiguration>,
  options: CronJobOptions,
): Named<CronJob> {
  const { name: invoker, namespace = '', uid } = configuration.metadata;
  const { schedule = '', paused = false, runtimeSettings } = configuration.spec;
  const target = configuredTarget(configuration);
  const labels = {
    [label.invokerType]: 'BackupConfiguration',
    [label.invokerName]: labelValue(invoker),
    ...(target && targetLabels(target)),
    [label.managedBy]: managedBy,
    [label.component]: 'trigger',
  };
  const spec: CronJob['spec'] = {
    schedule,
    suspend: paused,
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds,
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 1,
    jobTemplate: {
      metadata: { labels },
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds,
        podReplacementPolicy: 'Failed',
        template: buildPodTemplate({
          component: 'trigger',
          args: [
            ...['operator', 'create-backupsession'],
            ...['--invoker-name', invoker, '--invoker-kind', 'BackupConfiguration', '-n', namespace],
          ],
          ...options,
          serviceAccount: jobAccount(configuration),
          runtimeSettings,
          labels,
          env: [
            {
              name: 'TRIGGER',
              valueFrom: {
                fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" },
              },
            },
          ],
        }),
      },
    },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name: cronJobName(invoker),
      namespace,
      labels,
      annotations: { [specAnnotation]: fingerprint(JSON.stringify(spec)) },
      ownerReferences: [
        {
          apiVersion: configuration.apiVersion,
          kind: configuration.kind,
          name: invoker,
          uid,
          controller: true,
        },
      ],
    },
    spec,
  };
}

/**
 * Whether `present` no longer says what `wanted` says. What the server, or somebody else, added does not count, nor
 * does how the server spells it: as `settled` it is what our own last write came to.
 */
export function hasDrifted(
  present: Stored<CronJob>,
  wanted: Named<CronJob>,
  settled: SettledCronJob | undefined,
): boolean {
  const { labels, annotations } = wanted.metadata;
  const { uid, generation } = present.metadata;
  return !(
    holds(present.metadata.labels ?? {}, labels ?? {}) &&
    holds(present.metadata.annotations ?? {}, annotations ?? {}) &&
    ((generation !== undefined && settled?.uid === uid && settled.generation === generation) ||
      holds(present.spec, wanted.spec))
  );
}

/** A JSON patch that makes `present`, at the version that we know, what `wanted` says; takes out what it does not say. */
export function patchOf(present: Stored<CronJob>, wanted: Named<CronJob>): object[] {
  const { metadata } = present;
  return [
    // Not `test`: a server answers that with Invalid, and this with Conflict.
    { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'add', path: '/metadata/labels', value: { ...metadata.labels, ...wanted.metadata.labels } },
    {
      op: 'add',
      path: '/metadata/annotations',
      value: { ...metadata.annotations, ...wanted.metadata.annotations },
    },
    { op: 'replace', path: '/spec', value: wanted.spec },
  ];
}

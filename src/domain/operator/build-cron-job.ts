/** Builds the CronJob that creates the sessions of a BackupConfiguration, and detects changes to the existing one. */
import type { CronJob, Named, Stored } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { includesJson } from '#src/domain/includes-json.ts';
import { cronJobName, fingerprint, labelValue } from '#src/domain/workload/names.ts';
import { targetLabels } from '#src/domain/backup/build-backup.ts';

import { jobAccount } from './build-job-rights.ts';
import { configuredTarget } from './check-configuration.ts';
import { buildPodTemplate, type PodTemplateOptions } from './pod-template.ts';

/** The hash of the spec as we wrote it. It distinguishes a setting that we removed from a default of the API server. */
const specAnnotation = 'stash.appscode.com/cron-job-spec';

/** How late a missed run may still start, after the control plane was down or the CronJob was suspended. */
export const startingDeadlineSeconds = 30 * 60;
/** Without this deadline, a pod that cannot start would block all later runs. */
const activeDeadlineSeconds = 10 * 60;

export type CronJobOptions = Pick<PodTemplateOptions, 'image' | 'imagePullPolicy'>;

/** The CronJob after our last write. The UID is needed because a recreated CronJob starts again at generation 1. */
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
 * Whether `present` lacks a field of `wanted`. Additions of the API server or of other clients do not count. If the
 * generation is that in `settled`, the spec is the result of our own last write, however the API server has normalized
 * it.
 */
export function hasDrifted(
  present: Stored<CronJob>,
  wanted: Named<CronJob>,
  settled: SettledCronJob | undefined,
): boolean {
  const { labels, annotations } = wanted.metadata;
  const { uid, generation } = present.metadata;
  return !(
    includesJson(present.metadata.labels ?? {}, labels ?? {}) &&
    includesJson(present.metadata.annotations ?? {}, annotations ?? {}) &&
    ((generation !== undefined && settled?.uid === uid && settled.generation === generation) ||
      includesJson(present.spec, wanted.spec))
  );
}

/**
 * Returns a JSON patch that replaces the spec and adds the labels and annotations of `wanted`. It applies to the known
 * resourceVersion only.
 */
export function patchOf(present: Stored<CronJob>, wanted: Named<CronJob>): object[] {
  const { metadata } = present;
  return [
    // The API server answers an outdated resourceVersion with Conflict. It would answer a failed `test` with Invalid.
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

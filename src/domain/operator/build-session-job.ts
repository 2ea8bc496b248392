/** Builds the Jobs that carry sessions out. They run this program in a pod in the session's namespace. */
import type { Container, Job, Named, Stored } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { Component } from '#src/api/operator.ts';
import type { BackupConfiguration, BackupSession, RestoreSession, RuntimeSettings } from '#src/api/stash.ts';
import { formatGoDuration } from '#src/domain/duration.ts';
import { defaultClaimsPerSession } from '#src/domain/spec-limits.ts';
import { restoreJobName, snapshotterJobName } from '#src/domain/workload/names.ts';

import { StashError } from '#src/errors.ts';

import { jobAccount } from './build-job-rights.ts';
import { checkRuntimeSettings } from './check-runtime-settings.ts';
import { buildPodTemplate } from './pod-template.ts';

export interface SessionJobOptions {
  readonly image: string;
  readonly imagePullPolicy?: Container['imagePullPolicy'];
  /** The most claims that a session may have. If left out, the default of the program applies. */
  readonly claimsPerSession?: number;
  /** How long an application may stay quiesced. */
  readonly maxFreezeMs: number;
}

/** Number of further pods after the first has failed. */
const backoffLimit = 3;

/** @throws StashError 'invalid' if `checkRuntimeSettings` refuses the configuration's `runtimeSettings` */
export function buildBackupJob(
  session: Stored<BackupSession>,
  configuration: Stored<BackupConfiguration>,
  options: SessionJobOptions,
): Named<Job> {
  return buildJob(session, options, {
    name: snapshotterJobName(session.metadata.name),
    component: 'snapshotter',
    command: [
      ...['create-vs', '--backupsession', session.metadata.name],
      ...['--max-freeze', formatGoDuration(options.maxFreezeMs)],
      ...claimsFlag(options),
    ],
    serviceAccount: jobAccount(configuration),
    runtimeSettings: configuration.spec.runtimeSettings,
  });
}

/** @throws StashError 'invalid' if `checkRuntimeSettings` refuses the session's `runtimeSettings` */
export function buildRestoreJob(
  session: Stored<RestoreSession>,
  options: Omit<SessionJobOptions, 'maxFreezeMs'>,
): Named<Job> {
  return buildJob(session, options, {
    name: restoreJobName(session.metadata.name),
    component: 'restorer',
    command: ['restore-vs', '--restoresession', session.metadata.name, ...claimsFlag(options)],
    serviceAccount: jobAccount(session),
    runtimeSettings: session.spec.runtimeSettings,
  });
}

function claimsFlag({
  claimsPerSession = defaultClaimsPerSession,
}: Pick<SessionJobOptions, 'claimsPerSession'>): string[] {
  return claimsPerSession === defaultClaimsPerSession
    ? []
    : ['--claims-per-session', String(claimsPerSession)];
}

interface Work {
  readonly name: string;
  readonly component: Component;
  /** The words after `operator`. */
  readonly command: readonly string[];
  readonly serviceAccount: string;
  readonly runtimeSettings: RuntimeSettings | undefined;
}

function buildJob(
  session: Stored<BackupSession> | Stored<RestoreSession>,
  { image, imagePullPolicy }: Pick<SessionJobOptions, 'image' | 'imagePullPolicy'>,
  { name, component, command, serviceAccount, runtimeSettings }: Work,
): Named<Job> {
  const { namespace = '', uid } = session.metadata;
  // A user may have changed the configuration since the operator checked it.
  const [problem] = checkRuntimeSettings(runtimeSettings);
  if (problem !== undefined) throw new StashError('invalid', problem);
  const args = ['operator', ...command, '-n', namespace];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace,
      labels: { [label.managedBy]: managedBy, [label.component]: component },
      ownerReferences: [
        {
          apiVersion: session.apiVersion,
          kind: session.kind,
          name: session.metadata.name,
          uid,
          controller: true,
        },
      ],
    },
    spec: {
      backoffLimit,
      // Create the next pod only after the previous one has ended, so that two never run at the same time.
      podReplacementPolicy: 'Failed',
      template: buildPodTemplate({
        component,
        args,
        image,
        imagePullPolicy,
        serviceAccount,
        runtimeSettings,
      }),
    },
  };
}

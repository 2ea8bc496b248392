/** Makes sure that every BackupSession is carried out and reaches a final phase. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { decideBackupSession } from '#src/domain/operator/decide-backup-session.ts';
import { buildBackupJob } from '#src/domain/operator/build-session-job.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { isExecutorEnsured } from '#src/domain/session/end-status.ts';
import { withExecutor } from '#src/domain/operator/mark-backup.ts';
import { backupEnd } from '#src/domain/operator/end-words.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { isPodNameOf } from '#src/domain/session/holder-life.ts';
import { createdAt, isFinal } from '#src/domain/session/session-status.ts';

import { backup } from '#src/session/kinds/backup.ts';

import { backupSteps } from './backup-session-steps.ts';
import { checkChosenAccount } from './job-rights.ts';
import type { Reconciler } from './reconciler.ts';
import type { SessionIndex } from './session-index.ts';
import { sessionReconciler } from './session-reconciler.ts';
import { shareReads } from './shared-reads.ts';
import { watchSwaps } from './swaps.ts';
import type { World } from './world.ts';

export function backupSessionReconciler(world: World): Reconciler {
  const { caches, clock, cluster, metrics, options } = world;
  const { maxFreezeMs, claimsPerSession } = options;
  const kept = { resource: backupSessions, cache: caches.backupSessions };
  const reads = shareReads(cluster, clock);
  const swaps = watchSwaps(caches.restoreSessions, clock);
  return sessionReconciler(world, {
    kind: backup,
    kept,
    reads: ['configurations', 'backupSessions', 'restoreSessions', 'jobs', 'pods'],
    groupOf: ({ spec }) => spec.invoker.name,
    look(session, executor, index) {
      const { metadata, spec, status } = session;
      const holder = readHolder(session);
      const configuration = caches.configurations.get(metadata.namespace ?? '', spec.invoker.name);
      const target = configuration && configuredTarget(configuration);
      return {
        ...executor,
        session,
        configuration,
        swap: target && swaps.of(target),
        siblings: siblingsOf(session, index),
        ensured: (status?.targets ?? []).some(({ conditions }) => isExecutorEnsured('Backup', conditions)),
        executedHere:
          holder === undefined || holder.id === world.id || isPodNameOf(holder.id, executor.jobName),
      };
    },
    decide: decideBackupSession,
    apply: backupSteps(world, kept),
    contextOf({ metadata: { namespace = '' }, spec }, seen) {
      const configuration = caches.configurations.get(namespace, spec.invoker.name) ?? seen.configuration;
      return { configuration, maxFreezeMs, claimsPerSession, reads: reads(namespace) };
    },
    async prepareJob({ session, configuration }) {
      if (configuration === undefined) return undefined;
      const job = buildBackupJob(session, configuration, options);
      // The configuration may have changed since it was found Ready.
      const { namespace = '' } = session.metadata;
      const chosen = configuration.spec.runtimeSettings?.pod?.serviceAccountName ?? '';
      if (chosen !== '') await checkChosenAccount(cluster, namespace, chosen);
      return job;
    },
    mark: (present, condition, { configuration }) =>
      withExecutor(present, configuration, condition, clock.now()),
    endWords: backupEnd,
    onEnd({ session, configuration }, { type, reason, message }) {
      const { namespace = '', name } = session.metadata;
      if (session.status?.phase === 'Succeeded') {
        metrics.backupSucceeded({ namespace, name: session.spec.invoker.name }, createdAt(session));
      } else if (configuration) {
        world.event(backupConfigurations, configuration, type, reason, `backupsession/${name}: ${message}`);
      }
    },
    triggers(enqueue, index) {
      const enqueueUnfinished = (sessions: readonly Stored<BackupSession>[]) => {
        for (const session of sessions) if (!isFinal(session)) enqueue(session);
      };
      caches.backupSessions.onChange((session, deleted) => {
        // The end of this session may unblock the others of its configuration.
        if (deleted || isFinal(session)) enqueueUnfinished(siblingsOf(session, index));
      });
      caches.configurations.onChange(({ metadata: { namespace = '', name } }) => {
        enqueueUnfinished(index.ofGroup(namespace, name));
      });
    },
  });
}

/** Other sessions of the same invoker. */
function siblingsOf(
  { metadata, spec }: Stored<BackupSession>,
  index: SessionIndex<BackupSession>,
): Stored<BackupSession>[] {
  return index
    .ofGroup(metadata.namespace ?? '', spec.invoker.name)
    .filter((other) => other.metadata.uid !== metadata.uid && other.spec.invoker.kind === spec.invoker.kind);
}

/** Sees to it that every BackupSession is carried out by somebody, and comes to an end. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import {
  decideBackupSession,
  type BackupSessionAction,
  type BackupSessionWorld,
} from '#src/domain/operator/decide-backup-session.ts';
import { isExecutorEnsured } from '#src/domain/operator/end-session.ts';
import { backupEnd } from '#src/domain/operator/end-words.ts';
import { endedAt } from '#src/domain/ended-at.ts';
import { readHolder } from '#src/domain/holder.ts';
import { isPodNameOf } from '#src/domain/holder-life.ts';
import { snapshotterJobName } from '#src/domain/names.ts';
import { createdAt, isFinal } from '#src/domain/session-status.ts';

import { backupSteps } from './backup-session-steps.ts';
import type { Key, Reconciler } from './reconciler.ts';
import { errorFields } from './log.ts';
import { indexSessions } from './session-index.ts';
import { podsOfJob } from './session-job.ts';
import { createSessionMemory } from './session-memory.ts';
import { createSessionRuns } from './session-runs.ts';
import { stepwise } from './stepwise.ts';
import type { World } from './world.ts';

export function backupSessionReconciler(world: World): Reconciler {
  const { caches, clock, options, metrics, log } = world;
  const sessions = caches.backupSessions;
  const memory = createSessionMemory();
  const keys = new Map<string, Key>();
  let enqueue: (key: Key) => void = () => undefined;
  const index = indexSessions(sessions, {
    groupOf: ({ spec }) => spec.invoker.name,
    jobNameOf: snapshotterJobName,
  });
  const runs = createSessionRuns({
    atOnce: options.sessionsAtOnce,
    clock,
    onEnd: (uid) => {
      const key = keys.get(uid);
      if (key) enqueue(key);
    },
    onError: (uid, error) => {
      log.error('could not carry out a session', { ...keys.get(uid), ...errorFields(error) });
    },
  });
  const apply = backupSteps(world, { memory, runs });

  const siblings = ({ metadata, spec }: Stored<BackupSession>) =>
    index
      .ofGroup(metadata.namespace ?? '', spec.invoker.name)
      .filter(
        (other) => other.metadata.uid !== metadata.uid && other.spec.invoker.kind === spec.invoker.kind,
      );

  const look = (session: Stored<BackupSession>): BackupSessionWorld => {
    const { namespace = '', name, uid } = session.metadata;
    const jobName = snapshotterJobName(name);
    const now = clock.now();
    const holder = readHolder(session);
    return {
      now,
      session,
      jobName,
      configuration: caches.configurations.get(namespace, session.spec.invoker.name),
      siblings: siblings(session),
      job: caches.jobs.get(namespace, jobName),
      pods: podsOfJob(world, { namespace, name: jobName }),
      sighting: memory.sight(session, now),
      executor: options.executor,
      here: runs.state(uid),
      ensured: (session.status?.targets ?? []).some(({ conditions }) =>
        isExecutorEnsured('Backup', conditions),
      ),
      executedHere: holder === undefined || holder.id === world.id || isPodNameOf(holder.id, jobName),
    };
  };

  const tellEnd = (
    session: Stored<BackupSession>,
    configuration: Stored<BackupConfiguration> | undefined,
  ) => {
    const { namespace = '', name } = session.metadata;
    const { type, reason, message } = backupEnd(session);
    const when = endedAt(session) ?? clock.now();
    const phase = session.status?.phase ?? 'Unknown';
    world.event(backupSessions, session, type, reason, message);
    if (configuration && phase !== 'Succeeded') {
      world.event(backupConfigurations, configuration, type, reason, `backupsession/${name}: ${message}`);
    }
    metrics.sessionEnded('backup', phase, (when.getTime() - createdAt(session).getTime()) / 1_000);
    if (phase === 'Succeeded') metrics.backupSucceeded({ namespace, name: session.spec.invoker.name }, when);
    log.info('a backup session has ended', { namespace, name, phase, message });
  };

  return {
    name: 'backupsession',
    reconcile: (key, signal) =>
      stepwise<BackupSessionWorld, BackupSessionAction>({
        look: () => {
          const session = sessions.get(key.namespace, key.name);
          return session && look(session);
        },
        decide: (seen) => {
          const action = decideBackupSession(seen);
          const { session, configuration } = seen;
          if (action.do !== 'ignore' && memory.hasJustEnded(session)) tellEnd(session, configuration);
          return action;
        },
        apply: (seen, action) => apply(seen, action, signal),
        now: () => clock.now(),
      }),
    triggers(found) {
      enqueue = found;
      sessions.onChange((session, deleted) => {
        const { namespace = '', name, uid } = session.metadata;
        const key = { namespace, name };
        if (deleted) {
          keys.delete(uid);
          memory.forget(uid);
        } else {
          keys.set(uid, key);
          found(key);
        }
        if (!deleted && !isFinal(session)) return;
        // What it stood in the way of.
        for (const other of siblings(session)) {
          if (!isFinal(other)) found({ namespace, name: other.metadata.name });
        }
      });
      caches.configurations.onChange(({ metadata: { namespace = '', name } }) => {
        for (const session of index.ofGroup(namespace, name)) {
          if (!isFinal(session)) found({ namespace, name: session.metadata.name });
        }
      });
      const ofJob = (namespace: string, jobName: string) => {
        const key = index.ofJob(namespace, jobName);
        if (key) found(key);
      };
      caches.jobs.onChange(({ metadata: { namespace = '', name } }) => {
        ofJob(namespace, name);
      });
      caches.pods.onChange(({ metadata: { namespace = '', ownerReferences = [] } }) => {
        for (const owner of ownerReferences) if (owner.kind === 'Job') ofJob(namespace, owner.name);
      });
    },
    stopped: () => runs.stopped(),
  };
}

/** Sees to it that every RestoreSession is carried out by somebody, and comes to an end. */
import type { Stored } from '#src/api/kubernetes.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import {
  decideRestoreSession,
  type RestoreSessionAction,
  type RestoreSessionWorld,
} from '#src/domain/operator/decide-restore-session.ts';
import { isExecutorEnsured } from '#src/domain/operator/end-session.ts';
import { restoreEnd } from '#src/domain/operator/end-words.ts';
import { endedAt } from '#src/domain/ended-at.ts';
import { restoreJobName } from '#src/domain/names.ts';
import { createdAt, isFinal } from '#src/domain/session-status.ts';
import { isTargetKind } from '#src/domain/target.ts';

import { errorFields } from './log.ts';
import type { Key, Reconciler } from './reconciler.ts';
import { restoreSteps } from './restore-session-steps.ts';
import { indexSessions } from './session-index.ts';
import { podsOfJob } from './session-job.ts';
import { createSessionMemory } from './session-memory.ts';
import { createSessionRuns } from './session-runs.ts';
import { stepwise } from './stepwise.ts';
import type { World } from './world.ts';

export function restoreSessionReconciler(world: World): Reconciler {
  const { caches, clock, options, metrics, log } = world;
  const sessions = caches.restoreSessions;
  const memory = createSessionMemory();
  const keys = new Map<string, Key>();
  let enqueue: (key: Key) => void = () => undefined;
  const index = indexSessions(sessions, {
    groupOf: ({ spec }) => targetGroup(spec.target?.ref?.kind, spec.target?.ref?.name),
    jobNameOf: restoreJobName,
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
  const apply = restoreSteps(world, { memory, runs });

  const look = (session: Stored<RestoreSession>): RestoreSessionWorld => {
    const { namespace = '', name, uid } = session.metadata;
    const jobName = restoreJobName(name);
    const now = clock.now();
    return {
      now,
      session,
      jobName,
      job: caches.jobs.get(namespace, jobName),
      pods: podsOfJob(world, { namespace, name: jobName }),
      sighting: memory.sight(session, now),
      executor: options.executor,
      here: runs.state(uid),
      ensured: isExecutorEnsured('Restore', session.status?.conditions),
      isThere: (target) => caches.targets[target.kind].get(target.namespace, target.name) !== undefined,
    };
  };

  const tellEnd = (session: Stored<RestoreSession>) => {
    const { namespace = '', name } = session.metadata;
    const { type, reason, message } = restoreEnd(session);
    const when = endedAt(session) ?? clock.now();
    const phase = session.status?.phase ?? 'Unknown';
    world.event(restoreSessions, session, type, reason, message);
    metrics.sessionEnded('restore', phase, (when.getTime() - createdAt(session).getTime()) / 1_000);
    log.info('a restore session has ended', { namespace, name, phase, message });
  };

  return {
    name: 'restoresession',
    reconcile: (key, signal) =>
      stepwise<RestoreSessionWorld, RestoreSessionAction>({
        look: () => {
          const session = sessions.get(key.namespace, key.name);
          return session && look(session);
        },
        decide: (seen) => {
          const action = decideRestoreSession(seen);
          if (action.do !== 'ignore' && memory.hasJustEnded(seen.session)) tellEnd(seen.session);
          return action;
        },
        apply: (seen, action) => apply(seen, action, signal),
        now: () => clock.now(),
      }),
    triggers(found) {
      enqueue = found;
      sessions.onChange((session, deleted) => {
        const { namespace = '', name, uid } = session.metadata;
        if (deleted) {
          keys.delete(uid);
          memory.forget(uid);
          return;
        }
        keys.set(uid, { namespace, name });
        found({ namespace, name });
      });
      for (const [kind, targets] of Object.entries(caches.targets)) {
        targets.onChange(({ metadata: { namespace = '', name } }) => {
          for (const session of index.ofGroup(namespace, targetGroup(kind, name))) {
            if (!isFinal(session)) found({ namespace, name: session.metadata.name });
          }
        });
      }
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

/** Most name none. */
function targetGroup(kind: string | undefined, name = ''): string {
  return isTargetKind(kind) ? `${kind} ${name}` : '';
}

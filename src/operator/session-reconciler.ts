/** The reconciler of sessions, the same for both kinds. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import { isExecutorAction, type ExecutorAction } from '#src/domain/operator/decide-executor.ts';
import { endedAt } from '#src/domain/session/ended-at.ts';
import { createdAt, type Session } from '#src/domain/session/session-status.ts';

import { errorFields } from './log.ts';
import type { Key, Reconciler } from './reconciler.ts';
import { indexSessions } from './session-index.ts';
import { podsOfJob } from './session-job.ts';
import { createSessionMemory } from './session-memory.ts';
import { createSessionRuns } from './session-runs.ts';
import type { OperatedKind, SeenSession } from './session-kind.ts';
import { sessionSteps } from './session-steps.ts';
import { stepwise } from './stepwise.ts';
import type { World } from './world.ts';

export function sessionReconciler<
  S extends AnySession,
  Plan,
  Seen extends SeenSession<S>,
  Own extends { readonly do: string },
>(world: World, operated: OperatedKind<S, Plan, Seen, Own>): Reconciler {
  const { kind, kept } = operated;
  const { caches, clock, options, metrics, log } = world;
  const { resource, cache } = kept;
  const memory = createSessionMemory();
  const keys = new Map<string, Key>();
  let enqueue: (key: Key) => void = () => undefined;
  const index = indexSessions(cache, { groupOf: operated.groupOf, jobNameOf: kind.jobName });
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
  const steps = sessionSteps(world, operated, { memory, runs });

  const look = (session: Stored<S>): Seen | undefined => {
    const { namespace = '', name, uid } = session.metadata;
    const here = runs.state(uid);
    // `onEnd` enqueues the session once its end is written, or once that has failed.
    if (here === 'finishing') return undefined;
    const jobName = kind.jobName(name);
    const now = clock.now();
    const executor = {
      ...{ now, jobName, runSessions: options.runSessions, maxFreezeMs: options.maxFreezeMs },
      job: caches.jobs.get(namespace, jobName),
      pods: podsOfJob(world, { namespace, name: jobName }),
      sighting: memory.sight(session, now),
      quietSince: memory.quietSince(session, now),
      here,
    };
    return operated.look(session, executor, index);
  };

  const tellEnd = (seen: Seen) => {
    const { session } = seen;
    const { namespace = '', name } = session.metadata;
    const words = operated.endWords(session);
    const { type, reason, message } = words;
    const when = endedAt(session) ?? clock.now();
    const phase = session.status?.phase ?? 'Unknown';
    world.event(resource, session, type, reason, message);
    metrics.sessionEnded(kind.words.name, phase, (when.getTime() - createdAt(session).getTime()) / 1_000);
    operated.onEnd?.(seen, words);
    log.info(`a ${kind.words.name} session has ended`, { namespace, name, phase, message });
  };

  return {
    name: kind.resource.kind.toLowerCase(),
    reads: operated.reads,
    reconcile: (key, signal) =>
      stepwise<Seen, ExecutorAction | Own>({
        look: () => {
          const session = cache.get(key.namespace, key.name);
          return session && look(session);
        },
        decide: operated.decide,
        apply: async (seen, action) => {
          if (action.do !== 'ignore' && memory.hasJustEnded(seen.session)) tellEnd(seen);
          return isExecutorAction(action)
            ? await steps.apply(seen, action, signal)
            : await operated.apply(seen, action, { steps, memory, runs, signal });
        },
        now: () => clock.now(),
      }),
    triggers(found) {
      enqueue = found;
      cache.onChange((session, deleted) => {
        const { uid } = session.metadata;
        if (deleted) {
          keys.delete(uid);
          memory.forget(uid);
          runs.forget(uid);
        } else {
          keys.set(uid, keyOf(session));
          found(keyOf(session));
        }
      });
      operated.triggers((session) => {
        found(keyOf(session));
      }, index);
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

function keyOf({ metadata: { namespace = '', name } }: Session): Key {
  return { namespace, name };
}

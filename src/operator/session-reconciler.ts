/** What is alike in the reconcilers of both kinds of session: what makes them look, and step after step. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { ExecutorWorld } from '#src/domain/operator/decide-executor.ts';
import type { EndWords } from '#src/domain/operator/end-words.ts';
import { endedAt } from '#src/domain/session/ended-at.ts';
import { createdAt } from '#src/domain/session/session-status.ts';

import type { Kept } from './change-session.ts';
import { errorFields } from './log.ts';
import type { Key, Reconciler } from './reconciler.ts';
import { indexSessions, type SessionIndex } from './session-index.ts';
import { podsOfJob } from './session-job.ts';
import { createSessionMemory } from './session-memory.ts';
import { createSessionRuns } from './session-runs.ts';
import type { SessionDesk } from './session-steps.ts';
import { stepwise, type Then } from './stepwise.ts';
import type { World } from './world.ts';

export interface SessionKind<S extends BackupSession | RestoreSession, Seen, Action> {
  readonly kind: 'backup' | 'restore';
  readonly kept: Kept<S>;
  /** Sessions of one group are found by it: `index.ofGroup`. */
  readonly groupOf: (session: Stored<S>) => string;
  readonly jobNameOf: (session: string) => string;
  /** `executor`: what is seen of who carries it out. */
  readonly look: (
    session: Stored<S>,
    executor: Omit<ExecutorWorld, 'session' | 'ensured'>,
    index: SessionIndex<S>,
  ) => Seen;
  readonly decide: (seen: Seen) => Action;
  readonly steps: (
    world: World,
    desk: SessionDesk,
  ) => (seen: Seen, action: Action, signal: AbortSignal) => Promise<Then>;
  readonly endWords: (session: Stored<S>) => EndWords;
  /** What else is to be done and told once it has ended. */
  readonly onEnd?: (seen: Seen, words: EndWords, when: Date) => void;
  /** What else makes a session worth a look. */
  readonly triggers: (enqueue: (session: Stored<S>) => void, index: SessionIndex<S>) => void;
}

export function sessionReconciler<
  S extends BackupSession | RestoreSession,
  Seen extends { readonly session: Stored<S> },
  Action extends { readonly do: string },
>(world: World, kind: SessionKind<S, Seen, Action>): Reconciler {
  const { caches, clock, options, metrics, log } = world;
  const { resource, cache } = kind.kept;
  const memory = createSessionMemory();
  const keys = new Map<string, Key>();
  let enqueue: (key: Key) => void = () => undefined;
  const index = indexSessions(cache, kind);
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
  const apply = kind.steps(world, { memory, runs });

  const look = (session: Stored<S>): Seen => {
    const { namespace = '', name, uid } = session.metadata;
    const jobName = kind.jobNameOf(name);
    const now = clock.now();
    const executor = {
      ...{ now, jobName, runSessions: options.runSessions, maxFreezeMs: options.maxFreezeMs },
      job: caches.jobs.get(namespace, jobName),
      pods: podsOfJob(world, { namespace, name: jobName }),
      sighting: memory.sight(session, now),
      quietSince: memory.quietSince(session, now),
      here: runs.state(uid),
    };
    return kind.look(session, executor, index);
  };

  const tellEnd = (seen: Seen) => {
    const { session } = seen;
    const { namespace = '', name } = session.metadata;
    const words = kind.endWords(session);
    const { type, reason, message } = words;
    const when = endedAt(session) ?? clock.now();
    const phase = session.status?.phase ?? 'Unknown';
    world.event(resource, session, type, reason, message);
    metrics.sessionEnded(kind.kind, phase, (when.getTime() - createdAt(session).getTime()) / 1_000);
    kind.onEnd?.(seen, words, when);
    log.info(`a ${kind.kind} session has ended`, { namespace, name, phase, message });
  };

  return {
    name: `${kind.kind}session`,
    reconcile: (key, signal) =>
      stepwise<Seen, Action>({
        look: () => {
          const session = cache.get(key.namespace, key.name);
          return session && look(session);
        },
        decide: (seen) => {
          const action = kind.decide(seen);
          if (action.do !== 'ignore' && memory.hasJustEnded(seen.session)) tellEnd(seen);
          return action;
        },
        apply: (seen, action) => apply(seen, action, signal),
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
      kind.triggers((session) => {
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

function keyOf({ metadata: { namespace = '', name } }: Stored<BackupSession | RestoreSession>): Key {
  return { namespace, name };
}

/** RestoreSessions: a claim from each VolumeSnapshot of a restore point. */
import type { Event } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { events, persistentVolumeClaims, pods, restoreSessions, storageClasses } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { observe } from '#src/cluster/observe.ts';
import { commandLine, flag } from '#src/domain/command-line.ts';
import { hooksOfRestore } from '#src/domain/hooks/hooks.ts';
import { isInPlace } from '#src/domain/in-place/record.ts';
import { swapVerdict } from '#src/domain/in-place/swap-progress.ts';
import { swappedClaims } from '#src/domain/in-place/swapped-claims.ts';
import { goOnCommand } from '#src/domain/in-place/in-place-command.ts';
import { failedRestore, invalidRestore } from '#src/domain/session/end-status.ts';
import { podsUsing } from '#src/domain/restore/claims-in-the-way.ts';
import {
  decideLeavingRestore,
  decideRestore,
  isOfSession,
  restoreClaims,
  restoreHookState,
  type RestoreWorld,
} from '#src/domain/restore/decide-restore.ts';
import { readFlags } from '#src/domain/restore/restore-flags.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { followedClaims } from '#src/domain/restore/followed-claims.ts';
import { restoreWords } from '#src/domain/restore/restore-words.ts';
import { restoreVerdict } from '#src/domain/restore/restore-verdict.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { restoreHookRecord } from '#src/domain/session/hook-record.ts';
import { deadlineOf, lateAt, timeLimitMs } from '#src/domain/session/session-status.ts';
import { restoreJobName } from '#src/domain/workload/names.ts';
import { formatTarget, readTarget, targetOfRef, type Target } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

import type { Scene, Scenery, SessionKind } from '../kind.ts';
import { persist } from '../persist.ts';
import { planRestore, type RestorePlan } from '#src/session/plan/plan-restore.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

export interface RestoreExecution extends Pick<RestorePlan, 'templates' | 'waitForConsumer'> {
  /** The workload whose claims the session restores, if the session names it. */
  readonly target: Target | undefined;
}

export const restore: SessionKind<RestoreSession, RestoreExecution> = {
  words: restoreWords,
  resource: restoreSessions,
  hookRecord: restoreHookRecord,
  hookState: restoreHookState,
  jobName: restoreJobName,
  timeLimitMs: ({ spec }) => timeLimitMs(spec.timeOut),
  targetOf: readTarget,
  resumeCommand: (session) => {
    if (isInPlace(session)) return goOnCommand(session);
    const target = readTarget(session);
    if (target === undefined) return undefined;
    const from = session.metadata.annotations?.[annotation.restoredFrom];
    const flags = [...(from === undefined ? [] : [flag('--from', from)]), ...readFlags(session)];
    return commandLine`kubectl stash restore ${formatTarget(target)} -n ${target.namespace} ${flags}`;
  },
  verdict: (session, claims) =>
    isInPlace(session) ? swapVerdict(session, claims) : restoreVerdict(session, claims),

  complete: (_, __, context) => Promise.resolve(context),
  async plan(environment, held, { claimsPerSession }) {
    const session = held.session();
    const templates = expandTemplates(session, claimsPerSession);
    const request = { templates, resumed: session, user: 'this executor' };
    const planned = await persist(environment, () =>
      // Use a new reader each time, because a reader remembers errors, too.
      planRestore(
        {
          ...readerOf(environment.cluster, session.metadata.namespace ?? ''),
          // The executor's roles come with the operator. They do not include VolumeSnapshotContents, which are
          // cluster-scoped, quotas and LimitRanges.
          demand: () => Promise.resolve(),
          contents: () => Promise.resolve(new Map()),
          quotaBudget: () => Promise.resolve(() => []),
          limitRanges: () => Promise.resolve([]),
        },
        request,
      ),
    );
    return { ...planned, target: readTarget(session) };
  },
  planEnd: (_, session) => {
    const templates = templatesOf(session);
    const plan = { templates, target: readTarget(session), waitForConsumer: undefined };
    return Promise.resolve(templates.length === 0 ? undefined : plan);
  },
  goesOnResumed: false,
  invalid: invalidRestore,
  failed: failedRestore,

  hooks: (_, session) => Promise.resolve({ hooks: hooksOfRestore(session) }),
  observe: observeRestore,
  makes: {
    isOf: isOfSession,
    deleted: () => 'the claim was deleted while it was restored',
    taken: () => 'a claim of that name exists',
  },
  watch({ cluster }, namespace, { signal, ring }) {
    const made = observe(cluster, persistentVolumeClaims, { namespace }, signal, ring);
    // Pods distinguish a claim that waits for its first consumer from a claim that waits for its volume.
    const running = observe(cluster, pods, { namespace }, signal, ring);
    const classes = observe(cluster, storageClasses, {}, signal, ring);
    return {
      made,
      beside: [running, classes],
      claims: (session) =>
        isInPlace(session)
          ? swappedClaims(session)
          : followedClaims(session, {
              claims: made.items,
              classes: [...classes.items.values()],
              pods: [...running.items.values()],
            }),
    };
  },
};

function observeRestore({
  environment: { cluster },
  loop,
  held,
  plan,
  ...scene
}: Scene<RestoreSession, RestoreExecution>): Scenery<RestoreSession> {
  const { takenAt, timeoutMs, end } = scene;
  const { waitForConsumer } = plan;
  const { metadata, spec } = held.session();
  const { namespace } = metadata;
  const claims = observe(cluster, persistentVolumeClaims, { namespace }, loop.signal, loop.ring);
  // Events say why a claim waits, if the user may read them. When an executor only ends a session, no claim waits.
  const ofClaims = 'involvedObject.kind=PersistentVolumeClaim';
  const fieldSelector = waitForConsumer ? `${ofClaims},type=Warning` : ofClaims;
  const said =
    end === undefined
      ? observe(cluster, events, { namespace, fieldSelector }, loop.signal, loop.ring)
      : undefined;
  const running =
    waitForConsumer?.size !== 0 ? observe(cluster, pods, { namespace }, loop.signal, loop.ring) : undefined;

  const eventsOf = (claim: string): Event[] => {
    const uid = claims.items.get(claim)?.metadata.uid;
    return [...(said?.items.values() ?? [])].filter(({ involvedObject }) => involvedObject.uid === uid);
  };
  const look = (now: Date): RestoreWorld => ({
    ...plan,
    ...scene,
    now,
    session: held.session(),
    lost: claims.lost() !== undefined || !claims.isSynced(),
    claims: claims.items,
    claimContext: (claim) => ({
      waitsForConsumer:
        waitForConsumer?.has(claim) ??
        eventsOf(claim).some(({ reason }) => reason === 'WaitForFirstConsumer'),
      pod: running && podsUsing(claim, [...running.items.values()])[0],
      warning: lastWarning(eventsOf(claim)),
    }),
    leaving: false,
  });
  return {
    made: claims,
    // The executor must not give up a claim that waits for its first consumer before it has read the pods.
    ...(running && { ready: running.synced.catch(() => undefined) }),
    target: plan.target,
    hookTarget: plan.target ?? targetOfRef(spec.target?.ref, held.session()),
    maxFreezeMs: undefined,
    knownBy: () => {
      const deadline = deadlineOf(held.session()) ?? takenAt;
      // A deadline that had passed before this executor took the session begins again.
      return lateAt(deadline > takenAt ? deadline : new Date(takenAt.getTime() + timeoutMs), true);
    },
    look: (now) => {
      const world = look(now);
      return {
        claims: () => restoreClaims(world),
        step: () => decideRestore(world),
        leave: () => decideLeavingRestore(world),
      };
    },
  };
}

/**
 * Returns the session's templates with their variables replaced, whatever limit its executor had. Empty if they are
 * invalid.
 */
function templatesOf(session: RestoreSession): ReturnType<typeof expandTemplates> {
  try {
    return expandTemplates(session, mostClaimsPerSession);
  } catch (error) {
    if (isStashError(error, 'invalid')) return [];
    throw error;
  }
}

function lastWarning(seen: readonly Event[]): string | undefined {
  let last: Event | undefined;
  for (const event of seen) {
    if (event.type === 'Warning' && (last === undefined || timeOf(event) >= timeOf(last))) last = event;
  }
  return last?.message;
}

function timeOf(event: Event): string {
  return event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '';
}

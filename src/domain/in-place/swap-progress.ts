/** Computes the progress of a restore in place, claim by claim. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { restoreWords } from '#src/domain/restore/restore-words.ts';
import type { ClaimProgress, Progress, Verdict } from '#src/domain/session/progress.ts';
import { createdAt, deadlineOf, isFinal, tellsFailure } from '#src/domain/session/session-status.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { assertNever } from '#src/errors.ts';

import { readRecord } from './record.ts';
import type { SwapStep } from './swap-step.ts';
import { isLeaving, isRecreated, isSwapped, pairsOf, type Pair, type SwapWorld } from './swap-world.ts';

/** Computes the progress of a session that another executor has brought to its end. */
export function endedSwap(session: Stored<RestoreSession>, target: Target): Progress {
  const { claims = [] } = readRecord(session) ?? {};
  const phase = session.status?.phase === 'Succeeded' ? 'Succeeded' : 'Failed';
  return progressOf(
    session,
    target,
    claims.map(({ name }) => ({ claim: name, phase })),
  );
}

export function swapProgress(world: SwapWorld, step: SwapStep): Progress {
  const { session, target } = world;
  return progressOf(
    session,
    target,
    pairsOf(world).map((pair) => rowOf(pair, step)),
  );
}

function progressOf(
  session: Stored<RestoreSession>,
  target: Target,
  claims: readonly ClaimProgress[],
): Progress {
  const startedAt = createdAt(session);
  return {
    kind: restoreWords,
    session: session.metadata.name,
    target,
    namespace: target.namespace,
    statusPhase: session.status?.phase,
    claims,
    startedAt,
    deadline: deadlineOf(session) ?? startedAt,
    notes: [],
    ...(isFinal(session) && { verdict: swapVerdict(session, claims) }),
  };
}

function rowOf(pair: Pair, step: SwapStep): ClaimProgress {
  const { of, live, incoming } = pair;
  const row = { claim: of.name, size: (live?.status?.capacity ?? incoming?.spec.capacity)?.storage };
  if (isSwapped(pair) && live?.status?.phase === 'Bound') return { ...row, phase: 'Succeeded' };
  if (pair.isOld && live && !isLeaving(live)) return { ...row, phase: 'Running', message: doing(step) };
  const isClosed = live !== undefined && !isRecreated(pair);
  return { ...row, phase: 'Running', message: isClosed ? 'closed to pods' : 'waiting for its new volume' };
}

function doing(step: SwapStep): string {
  switch (step.do) {
    case 'mark':
    case 'write-status':
      return 'keeping its volume';
    case 'release-staged':
    case 'reserve':
    case 'unreserve':
      return 'reserving the new volume';
    case 'record':
    case 'scale':
    case 'hold':
    case 'delete-claims':
    case 'delete-pods':
      return 'stopping the pods';
    case 'wait':
      return `waiting for ${step.what}`;
    case 'take-before':
      return 'taking a snapshot of its present data';
    case 'let-go':
    case 'fill':
    case 'give-back':
    case 'nudge':
    case 'pause':
    case 'stuck':
    case 'done':
      return 'in use';
    default:
      return assertNever(step);
  }
}

/** Judges a session that has ended. `rows` are its live claims. */
export function swapVerdict(session: Stored<RestoreSession>, rows: readonly ClaimProgress[]): Verdict {
  const names = rows.map(({ claim }) => claim);
  const record = readRecord(session);
  const which = names.length === 1 ? 'its claim has' : `all ${names.length} claims have`;
  if (record?.abandoned === true && record.why === undefined && session.status?.phase === 'Failed') {
    return {
      outcome: 'succeeded',
      message: `nothing was replaced, ${which} the volume as before: ${inWords(names)}`,
    };
  }
  if (session.status?.phase !== 'Succeeded') {
    const said = conditionWords(session.status?.conditions?.find(tellsFailure));
    const culprit = `restoresession/${session.metadata.name}`;
    return { outcome: 'failed', message: said ?? 'its status does not say why', culprit };
  }
  const isBack = record !== undefined && record.volumesOf !== session.metadata.name;
  const what = isBack ? 'the kept data' : 'the restored data';
  return { outcome: 'succeeded', message: `${which} ${what}: ${inWords(names)}` };
}

/** Finds the restore point that `--from` names, or explains why it cannot be restored. */
import { commandLine, flag } from '#src/domain/command-line.ts';
import { failure, noChoice, type Choice, type Failure } from '#src/domain/finding.ts';
import { nearest } from '#src/domain/nearest.ts';
import type { Moment } from './moment.ts';
import { isNamed, nameIn } from './named-point.ts';
import { isGood, type ClaimState, type PointClaim, type RestorePoint } from './restore-points.ts';
import { shortened } from '#src/domain/quoted.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

/**
 * Returns the newest restore point whose snapshots are all ready and whose session, if it still exists, Succeeded.
 * `points` are sorted newest first.
 */
export function latestComplete(points: readonly RestorePoint[], target: Target): RestorePoint | undefined {
  return points.find((point) => isFit(point, target));
}

function isFit(point: RestorePoint, target: Target): boolean {
  return isOf(point, target) && isGood(point);
}

/**
 * Returns the restore point of a target that `from` names: `latest`, a session as `list` prints it, or a snapshot as
 * `list -o name` prints it; else the newest complete restore point at the `moment`. `points` are sorted newest first.
 * `only` are the claims to restore. With `only`, the state of other claims does not matter, nor that the session failed
 * or cut snapshots after the application had resumed. Returns a failure 'not-found', or 'precondition' if the restore
 * point exists but cannot be restored.
 */
export function choosePoint(
  points: readonly RestorePoint[],
  target: Target,
  from: string,
  only: readonly string[] = [],
  moment?: Moment,
): Choice<RestorePoint> {
  if (from === 'latest') {
    const latest = latestComplete(points, target);
    return latest ? { value: latest } : { failure: whyNoLatest(points, target) };
  }
  if (moment !== undefined && !points.some((point) => isNamed(point, from)))
    return atMoment(points, target, moment);
  const named = findNamed(points, target, from);
  if ('failure' in named) return named;
  const unfit = whyUnfit(named.value, points, target, only);
  return unfit ? { failure: unfit } : named;
}

function atMoment(points: readonly RestorePoint[], target: Target, moment: Moment): Choice<RestorePoint> {
  const fit = points.filter((point) => isFit(point, target));
  const value =
    'place' in moment
      ? fit[moment.place - 1]
      : fit.find((point) => cutAt(point).getTime() <= moment.notAfter.getTime());
  if (value !== undefined) return { value };
  const oldest = fit.at(-1);
  if (oldest === undefined) return { failure: whyNoLatest(points, target) };
  const count = fit.length === 1 ? '1 complete restore point' : `${fit.length} complete restore points`;
  const why =
    'place' in moment
      ? `has only ${count}`
      : `has no complete restore point of ${moment.notAfter.toISOString()} or before; the oldest is of ${cutAt(oldest).toISOString()}`;
  return noChoice('not-found', `${formatTarget(target)} ${why}`, { hint: listHint(target) });
}

/** Returns when the last snapshot of the restore point was cut. It does not contain later changes. */
export function cutAt({ takenAt, claims }: RestorePoint): Date {
  const cuts = claims.map(({ snapshot }) => Date.parse(snapshot?.status?.creationTime ?? ''));
  return new Date(Math.max(takenAt.getTime(), ...cuts.filter((cut) => !Number.isNaN(cut))));
}

/** Whether `point` is a restore point of `target`. */
export function isOf(point: RestorePoint, target: Target): boolean {
  return (
    point.namespace === target.namespace &&
    point.target?.kind === target.kind &&
    point.target.name === target.name
  );
}

/** `claim data: snapshot data-1732427120 is being deleted`. */
export function describeClaim({ claim, snapshot, state, message }: PointClaim): string {
  const name = snapshot?.metadata.name ?? '';
  switch (state) {
    case 'ready':
      return `claim ${claim}: snapshot ${name} is ready`;
    case 'late':
      return `claim ${claim}: snapshot ${name} was ${sanitize(message ?? 'cut too late')}`;
    case 'missing':
      return `claim ${claim}: it has no snapshot`;
    case 'deleting':
      return `claim ${claim}: snapshot ${name} is being deleted`;
    case 'pending':
      return `claim ${claim}: snapshot ${name} is not ready`;
    case 'failed':
      return `claim ${claim}: snapshot ${name} failed${message === undefined ? '' : `: ${sanitize(message)}`}`;
  }
}

function whyNoLatest(points: readonly RestorePoint[], target: Target): Failure {
  const mine = points.filter((point) => isOf(point, target));
  const [newestForeign] = mine;
  if (!newestForeign) return noneAtAll(target);
  const newest = mine.find(({ completeness }) => completeness !== 'unknown');
  if (!newest) {
    return failure(
      'precondition',
      `${formatTarget(target)} has only restore points that other tools created: it is not known whether they are complete`,
      { hint: restoreFrom(target, newestForeign) },
    );
  }
  const { session } = newest;
  const reason =
    newest.phase === 'Running'
      ? `session ${session} is still running`
      : newest.completeness === 'complete'
        ? `session ${session} ended ${newest.phase}`
        : `in the newest, ${session}, ${unready(newest).map(describeClaim).join('; ')}`;
  return failure('precondition', `${formatTarget(target)} has no complete restore point: ${reason}`, {
    hint: newest.phase === 'Running' ? waitHint(newest) : alternatives(newest, undefined, target),
  });
}

function findNamed(points: readonly RestorePoint[], target: Target, from: string): Choice<RestorePoint> {
  const name = nameIn(from);
  const named = points.filter((point) => isNamed(point, from) && point.namespace === target.namespace);
  const point =
    named.find((candidate) => isOf(candidate, target)) ?? named.find((candidate) => !candidate.target);
  if (point) return { value: point };
  const [other] = named;
  if (other?.target) {
    const of = formatTarget(other.target);
    return noChoice('not-found', `session ${other.session} is of ${of}, not of ${formatTarget(target)}`, {
      hint: commandLine`kubectl stash restore ${of} -n ${target.namespace} --from ${other.session}`,
    });
  }
  const mine = points.filter((candidate) => isOf(candidate, target)).map(({ session }) => session);
  if (mine.length === 0) return { failure: noneAtAll(target) };
  const near = nearest(name, mine);
  return noChoice('not-found', `${formatTarget(target)} has no restore point ${name}`, {
    hint:
      near === undefined
        ? listHint(target)
        : `did you mean ${commandLine`--from ${near}`}?\n${listHint(target)}`,
  });
}

function whyUnfit(
  point: RestorePoint,
  points: readonly RestorePoint[],
  target: Target,
  only: readonly string[],
): Failure | undefined {
  const { session, phase } = point;
  if (phase === 'Running') {
    return failure('precondition', `session ${session} is still running`, { hint: waitHint(point) });
  }
  const lacking = unready(point).filter(({ claim, state }) =>
    only.length === 0 ? true : only.includes(claim) && state !== 'late',
  );
  const what = lacking.map(describeClaim).join('; ');
  const hint = alternatives(point, latestComplete(points, target), target);
  if (phase === 'Failed' && only.length === 0) {
    const why =
      point.failure === undefined ? what && ` (${what})` : `: ${sanitize(shortened(point.failure))}`;
    return failure('precondition', `session ${session} failed${why}`, { hint });
  }
  if (lacking.length > 0) {
    return failure('precondition', `restore point ${session} is incomplete: ${what}`, { hint });
  }
  return undefined;
}

function unready(point: RestorePoint): PointClaim[] {
  return point.claims.filter(({ state }) => state !== 'ready');
}

function noneAtAll(target: Target): Failure {
  return failure(
    'not-found',
    `${formatTarget(target)} has no restore points in namespace ${target.namespace}`,
    { hint: commandLine`kubectl stash list -n ${target.namespace}` },
  );
}

function waitHint({ session, namespace }: RestorePoint): string {
  return commandLine`kubectl stash wait ${session} -n ${namespace}`;
}

function alternatives(point: RestorePoint, better: RestorePoint | undefined, target: Target): string {
  const inState = (wanted: ClaimState) =>
    point.claims.filter(({ state }) => state === wanted).map(({ claim }) => claim);
  const ready = inState('ready');
  const late = inState('late');
  const restore = (from: RestorePoint, only?: readonly string[]) => restoreFrom(target, from, only);
  const lines = [
    better && `the newest complete restore point, ${sanitize(better.session)}:\n${restore(better)}`,
    ready.length > 0 && `only the claims that are ready:\n${restore(point, ready)}`,
    late.length > 0 &&
      `also the snapshots that were cut too late, which are only crash-consistent:\n${restore(point, [...ready, ...late])}`,
    `list all restore points:\n${listHint(target)}`,
  ].filter((line) => typeof line === 'string');
  return lines.length === 1 ? listHint(target) : lines.join('\n');
}

function listHint(target: Target): string {
  return commandLine`kubectl stash list ${formatTarget(target)} -n ${target.namespace}`;
}

/** Returns the command that restores from this point. */
export function restoreFrom(target: Target, { session }: RestorePoint, only: readonly string[] = []): string {
  const claims = only.length === 0 ? [] : [flag('--only', only.join(','))];
  return commandLine`kubectl stash restore ${formatTarget(target)} -n ${target.namespace} --from ${session} ${claims}`;
}

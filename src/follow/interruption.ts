/** Builds the messages of a command that stops before the session's end, because of the user or of its limit. */
import { commandLine } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { describe, type Progress } from '#src/domain/session/progress.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { FollowEnvironment } from './follow.ts';
import { within, type Limit } from './limit.ts';

export interface Unfinished {
  /** `backupsession/foo` */
  readonly session: string;
  readonly name: string;
  readonly namespace: string;
  /** The command that continues the session. Left out if this command only followed the session. */
  readonly again?: string | undefined;
  readonly limit?: Limit | undefined;
}

/** What the command last knew of the session. */
export interface Sight {
  progress: Progress | undefined;
  /** Whether the command waits until an operator takes the session, follows it, or carries it out itself. */
  doing: 'pick-up' | 'follow' | 'carry-out';
}

/** Returns a follower's environment that ends at the limit, and that records in `sight` the progress that it shows. */
export function limited(
  environment: FollowEnvironment,
  limit: Limit | undefined,
  sight: Sight,
): FollowEnvironment {
  const onChange = (progress: Progress) => {
    sight.progress = progress;
    environment.onChange(progress);
  };
  return { ...within(environment, limit), onChange };
}

/** Adds to the error of an interruption how to follow and how to continue the session. */
export async function orHowToGoOn<T>(work: Promise<T>, unfinished: Unfinished, sight: Sight): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { session, name, namespace, again, limit } = unfinished;
    const isLate = limit?.hasPassed() === true;
    const why = isLate ? outage(error) : undefined;
    if (!isStashError(error, 'interrupted') && why === undefined) throw error;
    const goesOn = isLate && sight.doing === 'follow' && !isUntaken(sight);
    const message = isLate
      ? sanitize(lateWords(session, formatDuration(limit.timeoutMs), sight) + (why ? `: ${why}` : ''))
      : `stopped following ${session}, which is not done yet`;
    throw new StashError(isLate ? 'timed-out' : 'interrupted', message, {
      hint: [
        ...(again === undefined || goesOn ? [] : ['to go on with it:', again]),
        'to follow it:',
        commandLine`kubectl stash wait ${name} -n ${namespace}`,
      ].join('\n'),
    });
  }
}

/**
 * Whether no operator has taken the session. With a note, it counts as taken: AppsCode's operator creates its Job
 * before it writes a status.
 */
function isUntaken({ doing, progress }: Sight): boolean {
  if (doing === 'carry-out') return false;
  if (progress === undefined) return doing === 'pick-up';
  return progress.statusPhase === undefined && progress.notes.length === 0;
}

function lateWords(session: string, time: string, sight: Sight): string {
  const { progress, doing } = sight;
  if (isUntaken(sight)) return `no operator has taken ${session} within ${time}`;
  const waiting = progress?.claims.filter(({ phase }) => phase !== 'Succeeded') ?? [];
  const why = [...(waiting.length === 0 ? [] : [describe(waiting)]), ...(progress?.notes ?? [])];
  const words = why.length === 0 ? '' : `: ${why.join('; ')}`;
  if (doing === 'carry-out') return `stopped running ${session} after ${time}, and it is not done${words}`;
  if (progress === undefined)
    return `the API server has not reported the progress of ${session} within ${time}`;
  const state =
    progress.statusPhase === undefined ? 'no executor has taken the session yet' : 'the session goes on';
  return `stopped following ${session} after ${time}; ${state}${words}`;
}

/** Returns the message of an API server that fails or cannot be reached. */
function outage(error: unknown): string | undefined {
  return isStashError(error, 'unreachable', 'server') ? error.message : undefined;
}

/** Does the same as `orHowToGoOn` before the session exists. `waitsFor` says what the command was waiting for. */
export async function orNotBegun<T>(
  work: Promise<T>,
  {
    limit,
    waitsFor,
    again,
  }: { readonly limit: Limit | undefined; waitsFor: () => string; again: string | undefined },
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const why = outage(error);
    if (limit?.hasPassed() !== true || !(isStashError(error, 'interrupted') || why !== undefined))
      throw error;
    const message = `stopped after ${formatDuration(limit.timeoutMs)}, before a session began: ${why ?? waitsFor()}`;
    const hint = again === undefined ? undefined : `to try again, without a limit:\n${again}`;
    throw new StashError('timed-out', sanitize(message), { hint });
  }
}

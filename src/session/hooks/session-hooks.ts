/** Runs a session's hooks. Records on the session before each hook that it begins, and after the hook how it ended. */
import { annotation } from '#src/api/labels.ts';
import type { HookHandler, AnySession, StatusOf } from '#src/api/stash.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import type { HookRecord, HookResult } from '#src/domain/session/hook-record.ts';
import { thaws, type SessionHooks } from '#src/domain/hooks/hooks.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import type { HookToRun } from '#src/domain/session/step.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { isTakenOver } from '#src/session/holding/await-holder.ts';
import type { Held } from '#src/session/holding/held.ts';
import type { HookOptions, HookRun, HookRunner } from './run-hook.ts';

/**
 * If the API server does not confirm the holder within this time, the executor resumes the application nevertheless.
 */
const confirmWithinMs = 5_000;
/** The timeout of each try of a post hook: resuming an application is quick. */
const postWithinMs = 60_000;
/** Pauses between the tries to resume the application. */
const thawPausesMs = [1_000, 3_000, 9_000];
/** How long to try to record a success. Without a record, the next executor resumes the application once more. */
const recordWithinMs = 10_000;

const notQuiesced = { [annotation.quiescedSince]: null, [annotation.quiescedUntil]: null };

export interface SessionHooksTask<S extends AnySession> {
  readonly held: Held<S>;
  readonly hooks: SessionHooks;
  readonly runner: HookRunner;
  readonly record: HookRecord<StatusOf<S>>;
  readonly clock: Clock;
  /** Milliseconds that the application may stay quiesced. Undefined: until the session is done. */
  readonly maxFreezeMs: number | undefined;
}

/**
 * Resolves with the hook's result, good or bad, when the session records it. Undefined if the session has no such hook.
 * Rejects if another executor has taken the session over, with 'interrupted', or if the result could not be written.
 */
export async function runSessionHook<S extends AnySession>(
  task: SessionHooksTask<S>,
  step: HookToRun<StatusOf<S>>,
): Promise<HookResult | undefined> {
  const { hooks } = task;
  if (step.which === 'pre') return hooks.pre && (await quiesce(task, hooks.pre));
  if (hooks.post === undefined) return undefined;
  return step.which === 'post' ? await conclude(task, hooks.post) : await thaw(task, hooks.post, step);
}

async function quiesce<S extends AnySession>(
  task: SessionHooksTask<S>,
  pre: HookHandler,
): Promise<HookResult> {
  const { held, hooks, runner, record, clock, maxFreezeMs } = task;
  const began = clock.now();
  const bound = thaws(hooks) ? maxFreezeMs : undefined;
  await held.annotate({
    [annotation.quiescedSince]: began.toISOString(),
    ...(bound !== undefined && {
      [annotation.quiescedUntil]: new Date(began.getTime() + bound).toISOString(),
    }),
  });
  const { sessionDeadline } = held.session().status ?? {};
  const left = sessionDeadline === undefined ? Infinity : Date.parse(sessionDeadline) - began.getTime();
  const timeoutMs = Math.max(0, Math.min(bound ?? Infinity, left));
  const { names } = record;
  const { post } = hooks;
  const result = await runner.run(pre, {
    ...{ name: names.pre, timeoutMs, confirm: held.confirm },
    resumedBy: post && thaws(hooks) ? { name: names.post, hook: post } : undefined,
  });
  if (result.interrupted === true) {
    await held.annotate(notQuiesced);
    throw new StashError('interrupted', result.message);
  }
  const mayBeLate = result.nowhere !== true && !held.isSurelyOurs();
  const written = held.writeStatus((present) => record.set(present, names.pre, result, clock.now()));
  const until = bound === undefined ? undefined : began.getTime() + bound - clock.now().getTime();
  try {
    await (until === undefined ? written : within(clock, Math.max(until, confirmWithinMs), written));
  } catch (error) {
    if (isTakenOver(held) && mayBeLate) await thawBehind(task);
    throw error;
  }
  // A hook that began in no pod has quiesced nothing.
  if (result.nowhere === true && !result.ok) await held.annotate(notQuiesced);
  return result;
}

/**
 * Resumes the application after another executor has taken the session over. That executor may have resumed the
 * application before the pre hook of this one ran, and does not resume it again.
 */
async function thawBehind<S extends AnySession>({
  held,
  hooks,
  runner,
  record,
  clock,
}: SessionHooksTask<S>): Promise<void> {
  const { post } = hooks;
  if (post === undefined || !thaws(hooks)) return;
  const present = await held.look();
  if (!isFinal(present) && !record.has(present.status, record.names.post)) return;
  const options = { name: record.names.post, timeoutMs: postWithinMs, confirm: () => Promise.resolve() };
  const result = await thawUntilDone(runner, post, options, { clock, mayBeQuiet: true });
  if (!result.ok) throw stillQuiesced(result);
}

/** Runs a post hook that resumes nothing: once, as its execution policy says. */
async function conclude<S extends AnySession>(
  { held, runner, record, clock }: SessionHooksTask<S>,
  post: HookHandler,
): Promise<HookResult> {
  await held.annotate({});
  const { names } = record;
  const { confirm } = held;
  const result = await runner.run(post, { name: names.post, timeoutMs: postWithinMs, confirm });
  if (result.interrupted === true) throw new StashError('interrupted', result.message);
  await held.writeStatus((present) => record.set(present, names.post, result, clock.now()));
  return result;
}

async function thaw<S extends AnySession>(
  { held, runner, record, clock }: SessionHooksTask<S>,
  post: HookHandler,
  { which, losses }: HookToRun<StatusOf<S>>,
): Promise<HookResult> {
  const { names } = record;
  const forget = which === 'recover' && record.has(held.session().status, names.pre);
  // An executor that was interrupted before it knew the pods cannot resume the application. The next executor then
  // still takes the missing snapshots, so this one gives up none.
  const gives = losses !== undefined && (await runner.prepare());
  // Give up the snapshots that need a quiesced application before resuming it: if this executor dies in between, the
  // next one must not count a later snapshot as consistent.
  const first = forget
    ? held.writeStatus((present) => record.set(present, names.pre, undefined, clock.now()))
    : gives
      ? held.writeStatus(losses)
      : held.annotate({});
  /**
   * Skips if another executor has taken the session over, because that one resumes the application itself. In doubt,
   * resumes once too often.
   */
  const unlessTakenOver = async (confirmed: Promise<unknown>) => {
    try {
      await within(clock, confirmWithinMs, confirmed);
    } catch (error) {
      if (isTakenOver(held)) throw error;
    }
  };
  await unlessTakenOver(first);
  const options = {
    name: names.post,
    timeoutMs: postWithinMs,
    confirm: () => unlessTakenOver(held.confirm()),
  };
  const mayBeQuiet = held.session().metadata.annotations?.[annotation.quiescedSince] !== undefined;
  const result = await thawUntilDone(runner, post, options, { clock, mayBeQuiet });
  if (held.lost.aborted) return result;
  // A recorded failure would prevent the next executor from running the hook.
  if (result.interrupted === true) throw stillQuiesced(result);
  const written =
    which === 'recover' && result.ok
      ? held.annotate(notQuiesced)
      : held.writeStatus((present) =>
          record.set({ ...present, ...losses?.(present) }, names.post, result, clock.now()),
        );
  await within(clock, recordWithinMs, written).catch((error: unknown) => {
    throw result.ok ? error : stillQuiesced(result);
  });
  return result;
}

/**
 * Resumes the application for an executor that stops before the session's end. Rejects with 'session-failed' if the
 * application may still be quiesced, and with no other error.
 */
export async function thawAndLeave<S extends AnySession>(
  task: SessionHooksTask<S>,
  step: HookToRun<StatusOf<S>>,
): Promise<void> {
  let result: HookResult | undefined;
  try {
    result = await runSessionHook(task, step);
  } catch (error) {
    // The application is resumed, but no record says so: the next executor resumes it once more.
    if (isStashError(error, 'session-failed') && !task.held.lost.aborted) throw error;
  }
  if (result?.ok === false) throw stillQuiesced(result);
}

function stillQuiesced({ message }: HookResult): StashError {
  return new StashError('session-failed', message);
}

async function thawUntilDone(
  runner: HookRunner,
  post: HookHandler,
  options: HookOptions,
  { clock, mayBeQuiet }: { readonly clock: Clock; readonly mayBeQuiet: boolean },
): Promise<HookResult & Pick<HookRun, 'interrupted'>> {
  const thaw = { ...options, thaws: true };
  let run: HookRun = await runner.run(post, thaw);
  for (const pause of thawPausesMs) {
    // An application that is not quiesced is not worth another try.
    if (run.ok || run.interrupted === true || !mayBeQuiet) break;
    await clock.sleep(pause);
    const only = run.failed.length > 0 ? { only: run.failed } : {};
    run = await runner.run(post, { ...thaw, ...only });
  }
  if (run.ok) return run;
  const { message, interrupted = false } = run;
  if (!mayBeQuiet) return { ok: false, interrupted, message };
  const how = run.byHand === undefined ? '' : `; to resume it: ${run.byHand}`;
  return { ok: false, interrupted, message: `${message}; the application may still be quiesced${how}` };
}

/** Rejects with 'unreachable' if the API server has not answered after `milliseconds`. */
async function within(clock: Clock, milliseconds: number, answer: Promise<unknown>): Promise<void> {
  if (await orUntil(clock, after(clock, milliseconds), answer)) return;
  throw new StashError('unreachable', 'the server does not answer');
}

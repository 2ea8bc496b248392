/** Runs a session's hooks for its executor, and says which hook is running. */
import type { AnySession, StatusOf } from '#src/api/stash.ts';
import type { HookRecord } from '#src/domain/session/hook-record.ts';
import { nameOfHook } from '#src/domain/hooks/hook-step.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import type { HookToRun } from '#src/domain/session/step.ts';
import type { Target } from '#src/domain/workload/target.ts';

import { isTakenOver } from '#src/session/holding/await-holder.ts';
import type { Environment } from '#src/session/environment.ts';
import type { Held } from '#src/session/holding/held.ts';
import { createHookRunner } from './run-hook.ts';
import { runSessionHook, thawAndLeave } from './session-hooks.ts';

export interface SessionHookRunner<Status> {
  /** An interruption does not stop a hook that has begun. */
  readonly run: (step: HookToRun<Status>) => Promise<void>;
  /** For an executor that stops before the session's end: runs `step`, the hook that resumes the application. */
  readonly leave: (step: HookToRun<Status> | undefined) => Promise<void>;
  /** Which hook is running. */
  readonly notes: () => string[];
}

export interface SessionHookRunnerTask<S extends AnySession> {
  readonly held: Held<S>;
  /** Undefined if the session has no hooks that this executor runs. */
  readonly hooks: SessionHooks | undefined;
  /** The workload whose pods run the hooks. Undefined if the session names none. */
  readonly target: Target | undefined;
  readonly record: HookRecord<StatusOf<S>>;
  /** Milliseconds that the application may stay quiesced. Undefined: until the session is done. */
  readonly maxFreezeMs: number | undefined;
  /**
   * Whether the application may be quiesced already: the runner then finds its pods at once, while they can be read.
   */
  readonly mayBeQuiet: boolean;
  readonly onChange: () => void;
}

export function createSessionHookRunner<S extends AnySession>(
  environment: Environment,
  { hooks, target, mayBeQuiet, onChange, ...task }: SessionHookRunnerTask<S>,
): SessionHookRunner<StatusOf<S>> {
  if (hooks === undefined) {
    return { run: () => Promise.resolve(), leave: () => Promise.resolve(), notes: () => [] };
  }
  const runner = createHookRunner(environment, target);
  if (mayBeQuiet) void runner.prepare();
  const hooksTask = { ...task, hooks, runner, clock: environment.clock };
  let doing: string | undefined;
  return {
    run: async (step) => {
      doing = `running the ${nameOfHook(step.which, task.record.names)} hook`;
      onChange();
      try {
        await runSessionHook(hooksTask, step);
      } finally {
        doing = undefined;
      }
    },
    leave: async (step) => {
      if (step && !isTakenOver(task.held)) await thawAndLeave(hooksTask, step);
    },
    notes: () => (doing === undefined ? [] : [doing]),
  };
}

/** What a routine owes the application: its hooks are run, whatever happens, and it is said which one runs. */
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { HookRecord } from '#src/domain/session/hook-record.ts';
import { nameOfHook } from '#src/domain/hooks/hook-step.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import type { HookToRun } from '#src/domain/hooks/step.ts';
import type { Target } from '#src/domain/workload/target.ts';

import type { Environment } from './environment.ts';
import type { Held } from './held.ts';
import { createHookRunner } from './run-hook.ts';
import { isTakenOver, runSessionHook, thawAndLeave } from './session-hooks.ts';

type StatusOf<S extends BackupSession | RestoreSession> = NonNullable<S['status']>;

export interface HookDuty<Status> {
  /** Runs to its end, whoever interrupts. */
  readonly run: (step: HookToRun<Status>) => Promise<void>;
  /** For a routine that ends too early: `step` is what must not be left undone. */
  readonly leave: (step: HookToRun<Status> | undefined) => Promise<void>;
  /** What is done now, in words. */
  readonly notes: () => string[];
}

export interface HookDutyTask<S extends BackupSession | RestoreSession> {
  readonly held: Held<S>;
  /** Undefined: there is nothing to run. */
  readonly hooks: SessionHooks | undefined;
  /** Whose pods run them; undefined where nobody knows. */
  readonly target: Target | undefined;
  readonly record: HookRecord<StatusOf<S>>;
  /** How long the application may stay quiesced; undefined: until the session is done. */
  readonly maxFreezeMs: number | undefined;
  /** The application may be quiesced already, so that where to thaw it is found out at once. */
  readonly mayBeQuiet: boolean;
  readonly onChange: () => void;
}

export function createHookDuty<S extends BackupSession | RestoreSession>(
  environment: Environment,
  { hooks, target, mayBeQuiet, onChange, ...task }: HookDutyTask<S>,
): HookDuty<StatusOf<S>> {
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

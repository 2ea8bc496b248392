/** Reads and writes the results of hooks in the status of each kind of session. */
import type { Condition } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';

import {
  backupHooks,
  hookCondition,
  hookConditionType,
  restoreHooks,
  type HookNames,
} from '#src/domain/hooks/hook-step.ts';
import { withCondition } from './session-status.ts';

export interface HookResult {
  readonly ok: boolean;
  /** One line. */
  readonly message: string;
}

export interface HookRecord<Status> {
  readonly names: HookNames;
  readonly has: (present: Status | undefined, hook: string) => boolean;
  /** If `result` is undefined, removes the record, as if the hook had never run. */
  readonly set: (
    present: Status | undefined,
    hook: string,
    result: HookResult | undefined,
    now: Date,
  ) => Status;
}

export const backupHookRecord: HookRecord<NonNullable<BackupSession['status']>> = {
  names: backupHooks,
  has: (present, hook) => (present?.targets ?? []).some(({ conditions }) => tells(conditions, hook)),
  set: (present, hook, result, now) => {
    const [first, ...others] = present?.targets ?? [];
    const target = { ...first, conditions: changed(first?.conditions, hook, result, now) };
    return { ...present, targets: [target, ...others] };
  },
};

export const restoreHookRecord: HookRecord<NonNullable<RestoreSession['status']>> = {
  names: restoreHooks,
  has: (present, hook) => tells(present?.conditions, hook),
  set: (present, hook, result, now) => ({
    ...present,
    conditions: changed(present?.conditions, hook, result, now),
  }),
};

function tells(conditions: readonly Condition[] = [], hook: string): boolean {
  return conditions.some(({ type }) => type === hookConditionType(hook));
}

function changed(
  conditions: readonly Condition[] = [],
  hook: string,
  result: HookResult | undefined,
  now: Date,
): Condition[] {
  return result === undefined
    ? conditions.filter(({ type }) => type !== hookConditionType(hook))
    : withCondition(conditions, hookCondition(hook, result), now);
}

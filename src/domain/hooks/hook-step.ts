/** Decides which hook of a session runs next, from the session's annotations and conditions. */
import { hookExecutionCondition } from '#src/api/conditions.ts';
import type { Condition, KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { conditionWords } from '#src/domain/condition-words.ts';

import { policyOf, thaws, type SessionHooks } from './hooks.ts';

export interface HookNames {
  readonly pre: string;
  readonly post: string;
}

/**
 * - `recover`: it is unknown whether the pre hook finished, so run the post hook, then the pre hook again.
 * - `thaw`: resume the application with the post hook.
 * - `post`: run the post hook as its execution policy says.
 */
export type HookPoint = 'pre' | 'recover' | 'thaw' | 'post';

/** The hooks' names in the API and in messages. */
export const backupHooks: HookNames = { pre: 'preBackup', post: 'postBackup' };
export const restoreHooks: HookNames = { pre: 'preRestore', post: 'postRestore' };

/**
 * What the session records about its hooks. A field is undefined if nothing is recorded: the hook has not run, or
 * nobody knows.
 */
export interface HookState {
  /** When the pre hook began, by the clock of the executor that ran it. */
  readonly quiescedSince: Date | undefined;
  /** By the same clock: when the application must be resumed. Undefined if that executor set no limit. */
  readonly quiescedUntil: Date | undefined;
  readonly pre: Condition | undefined;
  readonly post: Condition | undefined;
}

export function hookState(
  { metadata }: KubernetesObject,
  conditions: readonly Condition[],
  names: HookNames,
): HookState {
  const of = (hook: string) => conditions.find(({ type }) => type === hookConditionType(hook));
  const dateOf = (key: string) => {
    const date = new Date(metadata.annotations?.[key] ?? '');
    return Number.isNaN(date.getTime()) ? undefined : date;
  };
  return {
    quiescedSince: dateOf(annotation.quiescedSince),
    quiescedUntil: dateOf(annotation.quiescedUntil),
    pre: of(names.pre),
    post: of(names.post),
  };
}

/** Returns the name of the hook that runs at this point. */
export function nameOfHook(point: HookPoint, names: HookNames): string {
  return point === 'pre' ? names.pre : names.post;
}

/** `hook`: `preBackup`. */
export function hookConditionType(hook: string): string {
  return hookExecutionCondition(hook, true).type;
}

export function hookCondition(
  hook: string,
  result: { readonly ok: boolean; readonly message: string },
): Omit<Condition, 'lastTransitionTime'> {
  return {
    ...hookExecutionCondition(hook, result.ok),
    message: result.message,
  };
}

export interface Situation {
  /** The object of some claim, a VolumeSnapshot or a restored claim, does not exist yet. */
  readonly pending: boolean;
  /** The application still has to be quiesced: some snapshot is not cut, or the restore is not done. */
  readonly uncut: boolean;
  /** The executor has created an object, or may have. */
  readonly begun: boolean;
  /** The application has been quiesced for as long as it may be. */
  readonly expired: boolean;
  /** The executor stops before the session's end. */
  readonly leaving: boolean;
  /** The phase of all claims together. */
  readonly outcome: 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly retriesLeft: number;
}

/** Returns the hook to run next. Undefined if no hook has to run now. */
export function hookStep(
  hooks: SessionHooks,
  state: HookState,
  { pending, uncut, begun, expired, leaving, outcome, retriesLeft }: Situation,
): HookPoint | undefined {
  const { pre, post } = hooks;
  if (state.post !== undefined) return undefined;
  if (pre !== undefined && state.pre === undefined) {
    if (state.quiescedSince !== undefined && thaws(hooks)) return pending ? 'recover' : 'thaw';
    if (pending && !leaving) return 'pre';
    // The pre hook never began, so there is nothing to resume.
    if (thaws(hooks)) return undefined;
  } else if (thaws(hooks)) {
    if (leaving && !begun && state.pre?.status === 'True') return 'recover';
    return state.pre?.status === 'False' || expired || leaving || !uncut ? 'thaw' : undefined;
  }
  if (post === undefined || leaving || outcome === 'Running') return undefined;
  switch (policyOf(post)) {
    case 'Always':
      return 'post';
    case 'OnSuccess':
      return outcome === 'Succeeded' ? 'post' : undefined;
    case 'OnFailure':
      return outcome === 'Failed' ? 'post' : undefined;
    case 'OnFinalRetryFailure':
      return outcome === 'Failed' && retriesLeft <= 0 ? 'post' : undefined;
  }
}

/** Why the executor may create no more objects. Undefined if the hooks allow it. */
export function blockedByHooks(
  hooks: SessionHooks | undefined,
  state: HookState,
  names: HookNames,
): string | undefined {
  if (hooks === undefined) return undefined;
  if (state.pre?.status === 'False') return `not begun, since the ${names.pre} hook failed`;
  if (state.post === undefined || !thaws(hooks)) return undefined;
  return state.post.status === 'False'
    ? `not begun, since the ${names.post} hook failed`
    : 'not begun when the application was resumed';
}

/** Returns the messages of the failed hooks. Undefined if no hook failed. */
export function hookFailure({ pre, post }: HookState): string | undefined {
  const failed = [pre, post].filter((condition) => condition?.status === 'False');
  if (failed.length === 0) return undefined;
  return failed.map((condition) => conditionWords(condition) ?? 'a hook failed').join('; ');
}

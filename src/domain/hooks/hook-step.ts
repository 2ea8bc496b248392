/** What of a session's hooks comes next, from what its annotation and its conditions say of them. */
import { hookExecutionCondition } from '#src/api/conditions.ts';
import type { Condition, KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

import { policyOf, thaws, type SessionHooks } from './hooks.ts';

export interface HookNames {
  readonly pre: string;
  readonly post: string;
}

/**
 * `recover`: it is not known whether the pre hook came to its end, so that the post hook comes first and the pre hook
 * once more; `thaw`: the application must not stay quiesced any longer; `post`: as its policy says.
 */
export type HookPoint = 'pre' | 'recover' | 'thaw' | 'post';

/** The hooks' own names, in the API and for people. */
export const backupHooks: HookNames = { pre: 'preBackup', post: 'postBackup' };
export const restoreHooks: HookNames = { pre: 'preRestore', post: 'postRestore' };

/** Undefined: it has not run, or nobody knows. */
export interface HookState {
  /** When the pre hook was begun, by the clock of whoever began it. */
  readonly quiescedSince: Date | undefined;
  /** By the same clock: when it is undone at the latest, where whoever began it set a limit. */
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

/** Which of the two is run. */
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
  /** Something is still to be made. */
  readonly pending: boolean;
  /** Something that was or will be made still needs the application to be quiet. */
  readonly uncut: boolean;
  /** Something has been made, or may have been. */
  readonly begun: boolean;
  /** The application has been quiet for as long as it may be. */
  readonly expired: boolean;
  /** The executor stops before the session's end. */
  readonly leaving: boolean;
  /** Of all claims. */
  readonly outcome: 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly retriesLeft: number;
}

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
    // What was never begun needs no thaw.
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

/** Why nothing more is made; undefined: the hooks do not stand in the way. */
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
    : 'not begun when the application was thawed';
}

/** In a person's words; undefined where no hook failed. */
export function hookFailure({ pre, post }: HookState): string | undefined {
  const failed = [pre, post].filter((condition) => condition?.status === 'False');
  if (failed.length === 0) return undefined;
  return failed.map((condition) => condition?.message ?? condition?.reason ?? 'a hook failed').join('; ');
}

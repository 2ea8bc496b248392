/** What a person can do by hand in place of a hook. */
import type { HookHandler } from '#src/api/stash.ts';

import type { SessionHooks } from './hooks.ts';
import type { HookState } from './hook-step.ts';
import { shellWords } from '#src/domain/shell-words.ts';
import type { Target } from '#src/domain/target/target.ts';

/** Undefined where it is no command. kubectl takes a workload in place of a pod, and then picks one of its pods. */
export function hookByHand(
  { exec, containerName }: HookHandler,
  target: Target | undefined,
  pod?: string,
): string | undefined {
  if (exec === undefined || target === undefined) return undefined;
  const where = pod ?? `${target.kind.toLowerCase()}/${target.name}`;
  const container = containerName === undefined ? '' : ` -c ${containerName}`;
  return `kubectl exec -n ${target.namespace} ${where}${container} -- ${shellWords(exec.command ?? [])}`;
}

/** Why a session fails whose hooks were given on the command line to somebody else. */
export function foreignHooks({ pre, post }: SessionHooks, state: HookState, target: Target): string {
  const why = 'its hooks were given on the command line, and nobody else runs them';
  if (pre === undefined || state.quiescedSince === undefined || state.post !== undefined) return why;
  const how = post && hookByHand(post, target);
  return `${why}; the application may still be quiesced${how === undefined ? '' : `; to thaw it: ${how}`}`;
}

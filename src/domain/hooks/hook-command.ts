/** What a person can do by hand in place of a hook. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import type { HookHandler } from '#src/api/stash.ts';

import type { SessionHooks } from './hooks.ts';
import type { HookState } from './hook-step.ts';
import { shellWords } from '#src/domain/shell-words.ts';
import type { Target } from '#src/domain/target/target.ts';

/** A container of a pod; one that does not run is waited for. */
export interface HandPlace {
  readonly pod: Stored<Pod>;
  readonly container: string;
  readonly runs: boolean;
}

/**
 * Undefined where it is no command. kubectl takes a workload in place of a pod, and then picks one of its pods, but it
 * takes no claim.
 */
export function hookByHand(
  { exec, containerName }: HookHandler,
  target: Target | undefined,
  place?: HandPlace,
): string | undefined {
  if (exec === undefined || target === undefined) return undefined;
  if (place === undefined && target.kind === 'PersistentVolumeClaim') return undefined;
  const namespace = `-n ${target.namespace}`;
  const where = place?.pod.metadata.name ?? `${target.kind.toLowerCase()}/${target.name}`;
  const wait =
    place?.runs === false ? `kubectl wait ${namespace} --for=condition=Ready pod/${where} && ` : '';
  const container = place?.container ?? containerName;
  const chosen = container === undefined ? '' : ` -c ${shellWords([container])}`;
  return `${wait}kubectl exec ${namespace} ${where}${chosen} -- ${shellWords(exec.command ?? [])}`;
}

/** Why a session fails whose hooks were given on the command line to somebody else. */
export function foreignHooks({ pre, post }: SessionHooks, state: HookState, target: Target): string {
  const why = 'its hooks were given on the command line, and nobody else runs them';
  if (pre === undefined || state.quiescedSince === undefined || state.post !== undefined) return why;
  const how = post && hookByHand(post, target);
  return `${why}; the application may still be quiesced${how === undefined ? '' : `; to thaw it: ${how}`}`;
}

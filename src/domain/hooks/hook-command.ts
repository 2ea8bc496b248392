/** What a person can do by hand in place of a hook. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import type { HookHandler } from '#src/api/stash.ts';

import type { SessionHooks } from './hooks.ts';
import type { HookState } from './hook-step.ts';
import { shellWords } from '#src/domain/shell-words.ts';
import type { Target } from '#src/domain/workload/target.ts';

/** A container of a pod; one that does not run is waited for. */
export interface HandPlace {
  readonly pod: Stored<Pod>;
  readonly container: string;
  readonly runs: boolean;
}

/**
 * A command for a shell that runs it in each of the places. Where none is known kubectl takes a workload in place of a
 * pod, and picks one of its pods itself. Undefined where it is no command.
 */
export function hookByHand(
  { exec, containerName }: HookHandler,
  target: Target | undefined,
  places: readonly HandPlace[] = [],
): string | undefined {
  if (exec === undefined || target === undefined) return undefined;
  const { namespace, kind, name } = target;
  const run = (pod: string, container: string | undefined, runs: boolean) => {
    const wait = `kubectl wait -n ${namespace} --for=condition=Ready --timeout=5m pod/${pod} && `;
    const chosen = container === undefined ? '' : ` -c ${shellWords([container])}`;
    const command = `kubectl exec -n ${namespace} ${pod}${chosen} -- ${shellWords(exec.command ?? [])}`;
    return runs ? command : wait + command;
  };
  if (places.length === 0) {
    // kubectl exec takes no claim.
    if (kind === 'PersistentVolumeClaim') return undefined;
    return run(`${kind.toLowerCase()}/${name}`, containerName, true);
  }
  const alike = Map.groupBy(places, ({ container, runs }) => `${container} ${String(runs)}`);
  const commands = [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const pods = [first, ...others].map(({ pod }) => pod.metadata.name).sort();
    if (others.length === 0) return run(first.pod.metadata.name, first.container, first.runs);
    return `for pod in ${pods.join(' ')}; do ${run('$pod', first.container, first.runs)}; done`;
  });
  return commands.join('; ');
}

/** `places`: where its postBackup hook would be run. Why a session fails whose hooks were given on the command line to somebody else. */
export function foreignHooks(
  { pre, post }: SessionHooks,
  state: HookState,
  target: Target,
  places: readonly HandPlace[],
): string {
  const why = 'its hooks were given on the command line, and nobody else runs them';
  if (pre === undefined || state.quiescedSince === undefined || state.post !== undefined) return why;
  const how = post && hookByHand(post, target, places);
  return `${why}; the application may still be quiesced${how === undefined ? '' : `; to thaw it: ${how}`}`;
}

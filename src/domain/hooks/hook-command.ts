/** Builds the commands with which a user runs a hook by hand. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import type { HookHandler } from '#src/api/stash.ts';

import { commandOf, type SessionHooks } from './hooks.ts';
import type { HookState } from './hook-step.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { commandLine, flag, joinCommands } from '#src/domain/command-line.ts';

/** A container of a pod. If the container does not run, the command waits for the pod first. */
export interface HandPlace {
  readonly pod: Stored<Pod>;
  readonly container: string;
  readonly runs: boolean;
}

/**
 * Returns a shell command that runs the hook in each place; if the places are not known, in a pod of the workload that
 * kubectl picks. Returns undefined if the hook is not a command, or if there is no place.
 */
export function hookByHand(
  hook: HookHandler,
  target: Target | undefined,
  places?: readonly HandPlace[],
): string | undefined {
  const words = commandOf(hook);
  if (words === undefined || target === undefined) return undefined;
  const { namespace, kind, name } = target;
  const run = (pod: string, container: string | undefined, runs: boolean) => {
    const chosen = container === undefined ? [] : [flag('-c', container)];
    const once = commandLine`kubectl exec -n ${namespace} ${pod} ${chosen} -- ${words}`;
    const ready = commandLine`kubectl wait -n ${namespace} --for=condition=Ready --timeout=5m pod/${pod}`;
    return runs ? once : allOf([ready, once], ' && ');
  };
  const runInEach = (pods: readonly string[], container: string, runs: boolean) => {
    const once = commandLine`kubectl exec -n ${namespace} "$pod" -c ${container} -- ${words}`;
    const ready = commandLine`kubectl wait -n ${namespace} --for=condition=Ready --timeout=5m pod/"$pod"`;
    const each = runs ? once : allOf([ready, once], ' && ');
    return joinCommands([commandLine`${pods}`, each], ([all = '']) => `for pod in ${all}; do ${each}; done`);
  };
  if (places?.length === 0) return undefined;
  if (places === undefined) {
    // kubectl exec does not accept a claim in place of a pod.
    if (kind === 'PersistentVolumeClaim') return undefined;
    return run(`${kind.toLowerCase()}/${name}`, hook.containerName, true);
  }
  const alike = Map.groupBy(places, ({ container, runs }) => `${container} ${String(runs)}`);
  const commands = [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const pods = [first, ...others].map(({ pod }) => pod.metadata.name).sort();
    if (others.length === 0) return run(first.pod.metadata.name, first.container, first.runs);
    return runInEach(pods, first.container, first.runs);
  });
  return allOf(commands, '; ');
}

function allOf(commands: readonly string[], between: string): string {
  return joinCommands(commands, (all) => all.join(between));
}

/**
 * Says why a session fails if its hooks come from another command line. `places` are where its postBackup hook would
 * run, if known.
 */
export function foreignHooks(
  { pre, post }: SessionHooks,
  state: HookState,
  target: Target,
  places: readonly HandPlace[] | undefined,
): string {
  const why = 'its hooks were given on another command line, and only that command runs them';
  if (pre === undefined || state.quiescedSince === undefined || state.post !== undefined) return why;
  const how = post && hookByHand(post, target, places);
  return `${why}; the application may still be quiesced${how === undefined ? '' : `; to resume it: ${how}`}`;
}

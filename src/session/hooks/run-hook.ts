/** Runs one hook in every pod of a target in which the hook's container is running. */
import type { Container, Pod, Stored } from '#src/api/kubernetes.ts';
import type { HookHandler } from '#src/api/stash.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { containersOf } from '#src/domain/hooks/hook-container.ts';
import { hookByHand } from '#src/domain/hooks/hook-command.ts';
import { checkHook, hostOf } from '#src/domain/hooks/hooks.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

import type { Environment } from '#src/session/environment.ts';
import { runInPod } from './hook-in-pod.ts';
import {
  findTargetPods,
  nowhereOf,
  placesOf,
  type HookPlaces,
  type Nowhere,
  type TargetPods,
} from './hook-pods.ts';

export interface HookRun {
  /** One line: where the hook ran, or where and why it failed. */
  readonly message: string;
  /** Names of the pods in which the hook failed. If it is empty and `ok` is false, no pod could run the hook. */
  readonly failed: readonly string[];
  readonly ok: boolean;
  /** The hook cannot have had an effect in any pod. */
  readonly nowhere?: boolean;
  /**
   * An interruption came before the hook began in any pod, so that the next executor may run it as if for the first
   * time.
   */
  readonly interrupted?: boolean;
  /** What the user can do by hand instead. Undefined if no pod is left to do it in. */
  readonly byHand: string | undefined;
}

export interface HookOptions {
  readonly name: string;
  readonly timeoutMs: number;
  readonly confirm: () => Promise<void>;
  readonly only?: readonly string[];
  /**
   * This is the post hook, which resumes what the pre hook quiesced. It fails in a pod in which the pre hook began and
   * whose container does not run now.
   */
  readonly thaws?: boolean;
  /**
   * The post hook, which resumes what this hook quiesces. This hook does not run in pods in which the post hook could
   * not.
   */
  readonly resumedBy?: { readonly name: string; readonly hook: HookHandler } | undefined;
}

export interface HookRunner {
  /**
   * Runs the hook. Calls `confirm` right before the hook begins in a pod. `confirm` rejects if the hook must not begin;
   * `run` rejects with this error and no other. `only` are the pods to run the hook in, as far as they exist.
   */
  run(hook: HookHandler, options: HookOptions): Promise<HookRun>;
  /**
   * Finds the target's pods, unless they are known already, so that the hook can run even when they can no longer be
   * read. Resolves with whether they are known. Never rejects.
   */
  prepare(): Promise<boolean>;
}

/** In how many pods the hook runs at once. */
const podsInFlight = 16;
/** How often the pods are read again if all of them went away while the hook ran. */
const looksAgain = 1;

/** `target` is undefined if the session names no workload. */
export function createHookRunner(
  { cluster, clock, podsOnly }: Pick<Environment, 'cluster' | 'clock' | 'podsOnly'>,
  target: Target | undefined,
): HookRunner {
  let known: TargetPods | undefined;
  /** UIDs of pods in which a hook began and which no hook has resumed since. */
  const unthawed = new Set<string>();

  const look = async (): Promise<TargetPods> => {
    if (target === undefined) {
      const why = 'the session names no target whose pods could run it';
      return { pods: [], otherwise: { why, wanted: true } };
    }
    try {
      const now = await findTargetPods(cluster, target);
      known = now;
      return now;
    } catch (error) {
      if (known) return known;
      throw error;
    }
  };

  const run = async (hook: HookHandler, options: HookOptions, tries: number): Promise<HookRun> => {
    const { name, timeoutMs, confirm, only, thaws = false, resumedBy } = options;
    const notRun = (message: string, more: Partial<HookRun> = {}): HookRun => {
      return { ok: false, nowhere: true, failed: [], message, byHand: undefined, ...more };
    };
    const problem = checkHook(hook);
    if (problem !== undefined) return notRun(`${name} hook ${problem}`);
    let found: TargetPods;
    try {
      found = await look();
    } catch (error) {
      const why = isStashError(error) ? error.message : String(error);
      const interrupted = isStashError(error, 'interrupted');
      return notRun(`${name} hook did not run: ${why}`, { interrupted, byHand: hookByHand(hook, target) });
    }
    const places = placesOf(found.pods, hook);
    const nowhere = ({ why, wanted }: Nowhere): HookRun =>
      wanted
        ? notRun(`${name} hook did not run: ${why}`)
        : notRun(`${name} hook had nowhere to run: ${why}`, { ok: true });
    const failures: Failure[] = failuresBefore(places, hook, thaws ? unthawed : new Set());
    if (places.running.length === 0 && failures.length === 0) return nowhere(nowhereOf(places, found));
    const isForeign = (host: string) => !found.pods.some(({ status }) => status?.podIP === host);
    for (const each of [{ name, hook }, ...(resumedBy ? [resumedBy] : [])]) {
      const host = hostOf(each.hook);
      if (podsOnly === undefined || host === undefined || !isForeign(host)) continue;
      const where = each.hook === hook ? '' : ` of the ${each.name} hook`;
      return notRun(
        `${name} hook did not run: host ${sanitize(host)}${where} is not the pod's own: ${podsOnly}`,
      );
    }
    const wanted = places.running.filter(({ pod }) => only?.includes(pod.metadata.name) ?? true);
    let begun = failures.some((failure) => failure.begun);
    let done = 0;
    await forEachBounded(wanted, podsInFlight, async (place) => {
      await confirm();
      const result = await runInPod({ cluster, clock }, place, hook, timeoutMs);
      begun ||= result.begun;
      if (result.begun && !thaws) unthawed.add(place.pod.metadata.uid);
      else if (result.type === 'done') unthawed.delete(place.pod.metadata.uid);
      if (result.type === 'done') done += 1;
      else if (result.type === 'failed') failures.push({ ...place, ...result, runs: true });
    });
    const [first, ...others] = failures.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    if (first) {
      const container = first.container === undefined ? '' : ` (container ${first.container.name})`;
      const more = others.length === 0 ? '' : `; also in ${others.map(nameOf).join(', ')}`;
      return {
        ok: false,
        nowhere: !begun && done === 0,
        failed: failures.map(nameOf),
        message: `${name} hook failed in pod ${nameOf(first)}${container}: ${first.words}${more}`,
        byHand: byHandIn(failures, hook, target),
      };
    }
    // All pods went away while the hook ran; their controller may have replaced them.
    if (done === 0 && wanted.length > 0) {
      const last =
        tries > 0
          ? await run(hook, options, tries - 1)
          : nowhere({ why: `${found.otherwise.why} any more`, wanted: found.otherwise.wanted });
      return { ...last, nowhere: last.nowhere === true && !begun };
    }
    const message = `${name} hook ran in ${done === 1 ? '1 pod' : `${done} pods`}`;
    return { ok: true, failed: [], message, byHand: undefined };
  };

  return {
    async prepare() {
      if (known === undefined) await look().catch(() => undefined);
      return known !== undefined;
    },
    run: (hook, options) => run(hook, options, looksAgain),
  };
}

interface Failure {
  readonly pod: Stored<Pod>;
  /** Undefined if the pod has no container of the hook's name. */
  readonly container: Container | undefined;
  readonly words: string;
  readonly begun: boolean;
  readonly runs: boolean;
}

/**
 * Returns the pods in which the hook fails before it runs: the pod has no container of the hook's name, or the
 * container in which the pre hook began does not run now, so that the post hook cannot resume the application.
 */
function failuresBefore(
  { idle, lacking }: HookPlaces,
  hook: HookHandler,
  unthawed: ReadonlySet<string>,
): Failure[] {
  const left = idle.filter(
    ({ pod: { metadata } }) => unthawed.has(metadata.uid) && metadata.deletionTimestamp === undefined,
  );
  return [
    ...lacking.map((pod) => {
      const has = containersOf(pod).map(({ name }) => name);
      const words = `it has no container ${hook.containerName ?? ''}, but ${has.join(', ')}`;
      return { pod, container: undefined, words, begun: false, runs: false };
    }),
    ...left.map(({ why, ...place }) => {
      return { ...place, words: `it is not running (${why})`, begun: true, runs: false };
    }),
  ];
}

/** Says how to run the hook by hand in the pods in which it failed. Undefined if none of them has its container. */
function byHandIn(
  failures: readonly Failure[],
  hook: HookHandler,
  target: Target | undefined,
): string | undefined {
  const places = failures.flatMap(({ pod, container, runs }) =>
    container ? { pod, container: container.name, runs } : [],
  );
  return hookByHand(hook, target, places);
}

function nameOf({ pod }: Failure): string {
  return pod.metadata.name;
}

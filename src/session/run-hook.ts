/** Runs one hook in all running pods of a target. */
import { Writable } from 'node:stream';

import type { Container, Pod, Stored } from '#src/api/kubernetes.ts';
import type { HookHandler } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { hookByHand } from '#src/domain/hooks/hook-command.ts';
import { checkHook, hostOf, requestOf } from '#src/domain/hooks/hooks.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import type { Target } from '#src/domain/target/target.ts';
import { isStashError } from '#src/errors.ts';

import type { Environment } from './environment.ts';
import { findHookPods, type HookPods } from './hook-pods.ts';
import type { Answer, sendHook } from './hook-request.ts';
import { forEachBounded } from './persist.ts';

export interface HookRun {
  /** One line, for people: where it ran, or where and why it failed. */
  readonly message: string;
  /** Names of the pods where it failed; empty, but `ok` false: it could be run nowhere. */
  readonly failed: readonly string[];
  readonly ok: boolean;
  /** It was begun in no pod. */
  readonly nowhere?: boolean;
  /** What a person can do by hand instead; undefined where that is no command. */
  readonly byHand: string | undefined;
}

export interface HookOptions {
  readonly name: string;
  readonly timeoutMs: number;
  readonly confirm: () => Promise<void>;
  readonly only?: readonly string[];
}

export interface HookRunner {
  /**
   * `confirm`: asked right before it is begun in a pod; rejects where it must not be, which is all that this rejects
   * with. `only`: in these pods, as far as they are there.
   */
  run(hook: HookHandler, options: HookOptions): Promise<HookRun>;
  /** Finds out where hooks will have to be run, for when reading is no longer possible. Never rejects. */
  prepare(): Promise<void>;
}

/** So many pods at once. */
const podsInFlight = 16;
/** So much of the end of what a command prints is looked at. */
const tailBytes = 4096;

/** `target`: undefined where nobody knows whose pods they are. */
export function createHookRunner(
  { cluster, clock, podsOnly = false }: Pick<Environment, 'cluster' | 'clock' | 'podsOnly'>,
  target: Target | undefined,
): HookRunner {
  let known: HookPods | undefined;

  const look = async (): Promise<HookPods> => {
    if (target === undefined) {
      const why = 'the session names no target whose pods could run it';
      return { pods: [], none: { why, wanted: true } };
    }
    try {
      const now = await findHookPods(cluster, target);
      known = now;
      return now;
    } catch (error) {
      if (known) return known;
      throw error;
    }
  };

  return {
    async prepare() {
      await look().catch(() => undefined);
    },
    async run(hook, { name, timeoutMs, confirm, only }) {
      const problem = checkHook(hook);
      if (problem !== undefined) {
        return {
          ok: false,
          nowhere: true,
          failed: [],
          message: `${name} hook ${problem}`,
          byHand: undefined,
        };
      }
      let found: HookPods;
      try {
        found = await look();
      } catch (error) {
        const why = isStashError(error) ? error.message : String(error);
        const byHand = hookByHand(hook, target);
        return { ok: false, nowhere: true, failed: [], message: `${name} hook did not run: ${why}`, byHand };
      }
      const { none } = found;
      if (none) {
        const message = none.wanted
          ? `${name} hook did not run: ${none.why}`
          : `${name} hook had nowhere to run: ${none.why}`;
        return { ok: !none.wanted, nowhere: true, failed: [], message, byHand: undefined };
      }
      const host = hostOf(hook);
      if (podsOnly && host !== undefined && !found.pods.some(({ status }) => status?.podIP === host)) {
        const why =
          `host ${sanitize(host)} is not the pod's own: the operator connects to pods of the target only; ` +
          'with --executor=job the Job does';
        const message = `${name} hook did not run: ${why}`;
        return { ok: false, nowhere: true, failed: [], message, byHand: undefined };
      }
      const pods =
        only === undefined ? found.pods : found.pods.filter((it) => only.includes(it.metadata.name));
      const failures: { readonly pod: string; readonly words: string }[] = [];
      await forEachBounded(pods, podsInFlight, async (pod) => {
        await confirm();
        const words = await runIn(cluster, clock, pod, hook, timeoutMs);
        if (words !== undefined) failures.push({ pod: pod.metadata.name, words });
      });
      const [first, ...others] = failures.sort((a, b) => (a.pod < b.pod ? -1 : 1));
      if (first === undefined) {
        const message = `${name} hook ran in ${pods.length === 1 ? '1 pod' : `${pods.length} pods`}`;
        return { ok: true, failed: [], message, byHand: undefined };
      }
      const more = others.length === 0 ? '' : `; also in ${others.map(({ pod }) => pod).join(', ')}`;
      return {
        ok: false,
        failed: failures.map(({ pod }) => pod),
        message: `${name} hook failed in pod ${first.pod}${first.words}${more}`,
        byHand: hookByHand(hook, target, first.pod),
      };
    },
  };
}

/** Undefined: it went well, or there is no such pod any more. Else ` (container app): exit code 3: disk full`. */
async function runIn(
  cluster: Cluster,
  clock: Clock,
  pod: Stored<Pod>,
  hook: HookHandler,
  timeoutMs: number,
): Promise<string | undefined> {
  const { containerName } = hook;
  const { containers } = pod.spec;
  const container =
    containerName === undefined ? containers[0] : containers.find(({ name }) => name === containerName);
  if (container === undefined) {
    const has = containers.map(({ name }) => name).join(', ');
    return `: it has no container ${containerName ?? ''}, but ${has}`;
  }
  const over = new AbortController();
  const done = new AbortController();
  const watched = clock.sleep(timeoutMs, done.signal).then(() => {
    if (!done.signal.aborted) over.abort();
  });
  try {
    const { ok, words } = requestOf(hook)
      ? await send(hook, pod, container, over.signal)
      : await execute(cluster, pod, container, hook.exec?.command ?? [], over.signal);
    if (ok) return undefined;
    return ` (container ${container.name}): ${hook.exec && over.signal.aborted ? late(timeoutMs, hook) : lastLine(words)}`;
  } catch (error) {
    // With the pod went whatever the hook was to do in it.
    if (isStashError(error, 'not-found')) return undefined;
    const why = sanitize(error instanceof Error ? error.message : String(error));
    return ` (container ${container.name}): ${over.signal.aborted ? late(timeoutMs, hook) : why}`;
  } finally {
    done.abort();
    await watched;
  }
}

/** Nobody can stop a command in a pod: only the connection to it is closed. */
function late(timeoutMs: number, { exec }: HookHandler): string {
  const left = exec === undefined ? '' : '; the command may still be running in the pod';
  return `not done within ${formatDuration(timeoutMs)}${left}`;
}

/** Commands are what most hooks are, and need none of what requests do. */
async function send(...hook: Parameters<typeof sendHook>): Promise<Answer> {
  const { sendHook } = await import('./hook-request.ts');
  return await sendHook(...hook);
}

async function execute(
  cluster: Cluster,
  { metadata }: Stored<Pod>,
  container: Container,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<Answer> {
  let tail = '';
  const output = () =>
    new Writable({
      write(chunk: Buffer, _, done) {
        tail = (tail + chunk.toString()).slice(-tailBytes);
        done();
      },
    });
  const code = await cluster.exec({
    namespace: metadata.namespace ?? '',
    pod: metadata.name,
    container: container.name,
    command: argv,
    stdout: output(),
    stderr: output(),
    signal,
  });
  const last = lastLine(tail);
  return { ok: code === 0, words: `exit code ${code}${last === '' ? '' : `: ${last}`}` };
}

function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => sanitize(line).trim());
  return lines.findLast((line) => line !== '') ?? '';
}

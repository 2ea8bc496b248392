/** Runs one hook in one container. */
import { Writable } from 'node:stream';

import { handlerKinds, type Handler, type HandlerKind, type HookHandlers } from '#src/api/hook-handlers.ts';
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { pods } from '#src/api/resources.ts';
import type { HookHandler } from '#src/api/stash.ts';
import { byName } from '#src/cluster/by-name.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { hasEnded, whyNotRunning } from '#src/domain/hooks/hook-container.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { isStashError, StashError, type ErrorKind } from '#src/errors.ts';

import type { HookPlace } from './hook-pods.ts';
import type { Answer, HandlerCall } from './hook-request.ts';

/** `begun`: something may have happened in the pod. `moot`: the container ended, and the pod with it. */
export type PodResult =
  | { readonly type: 'done' | 'moot'; readonly begun: boolean }
  /** `words`: `exit code 3: disk full` */
  | { readonly type: 'failed'; readonly begun: boolean; readonly words: string };

/** So much of the end of what a command prints is looked at. */
const tailBytes = 4096;

/** With these an exec is refused before the command is started. */
const refusals: readonly ErrorKind[] = [
  'forbidden',
  'unauthorized',
  'not-found',
  'invalid',
  'precondition',
  'conflict',
];

interface HandlerRunner<T> {
  run(handler: T, call: HandlerCall): Promise<Answer>;
  /** What may go on in the pod when the time is over; left out where `run` then ends with words of its own. */
  readonly leaves?: string;
}

const runners: { readonly [K in HandlerKind]: HandlerRunner<HookHandlers[K]> } = {
  exec: {
    run: ({ command = [] }, call) => execute(command, call),
    leaves: 'the command may still be running in the pod',
  },
  // Commands are what most hooks are, and need none of what requests do.
  httpGet: { run: async (...hook) => (await import('./hook-request.ts')).getHttp(...hook) },
  httpPost: { run: async (...hook) => (await import('./hook-request.ts')).postHttp(...hook) },
  tcpSocket: { run: async (...hook) => (await import('./hook-request.ts')).openSocket(...hook) },
};

async function execute(
  command: readonly string[],
  { cluster, place: { pod, container }, signal }: HandlerCall,
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
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    container: container.name,
    command,
    stdout: output(),
    stderr: output(),
    signal,
  });
  const last = lastLine(tail);
  return { ok: code === 0, words: `exit code ${code}${last === '' ? '' : `: ${last}`}` };
}

/** `hook`: one that `checkHook` finds nothing wrong with. */
export async function runInPod(
  { cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock },
  place: HookPlace,
  hook: HookHandler,
  timeoutMs: number,
): Promise<PodResult> {
  const { run, leaves } = runnerOf(hook);
  const over = new AbortController();
  const done = new AbortController();
  const watched = clock.sleep(timeoutMs, done.signal).then(() => {
    if (!done.signal.aborted) over.abort();
  });
  let result: PodResult;
  try {
    const { ok, begun = true, words } = await run({ cluster, place, signal: over.signal });
    if (ok) return { type: 'done', begun: true };
    const isLate = leaves !== undefined && over.signal.aborted;
    result = { type: 'failed', begun, words: isLate ? late(timeoutMs, leaves) : lastLine(words) };
  } catch (error) {
    if (isStashError(error, 'not-found')) return { type: 'moot', begun: false };
    const why = sanitize(error instanceof Error ? error.message : String(error));
    const words = over.signal.aborted ? late(timeoutMs, leaves) : why;
    result = { type: 'failed', begun: !isStashError(error, ...refusals), words };
  } finally {
    done.abort();
    await watched;
  }
  return (await wentWithItsPod(cluster, place)) ? { type: 'moot', begun: result.begun } : result;
}

function runnerOf(hook: HookHandler) {
  const found = handlerKinds.flatMap((kind) => {
    const handler = hook[kind];
    const runner: HandlerRunner<Handler> = runners[kind];
    if (handler === undefined) return [];
    return { run: (call: HandlerCall) => runner.run(handler, call), leaves: runner.leaves };
  });
  const [first] = found;
  if (first === undefined) throw new StashError('bug', 'a hook without a handler was to be run');
  return first;
}

/** With the pod goes whatever the hook was to do in it. */
async function wentWithItsPod(cluster: Cluster, { pod, container }: HookPlace): Promise<boolean> {
  const { name, namespace, uid } = pod.metadata;
  let present: Stored<Pod> | undefined;
  try {
    const { items } = await cluster.list(pods, byName({ name, namespace }));
    present = items.find(({ metadata }) => metadata.uid === uid);
  } catch {
    return false;
  }
  if (present === undefined || hasEnded(present)) return true;
  const isGoing = present.metadata.deletionTimestamp !== undefined;
  return isGoing && whyNotRunning(present, container.name) !== undefined;
}

/** A command in a pod cannot be stopped: only the connection to it is closed. */
function late(timeoutMs: number, leaves: string | undefined): string {
  return `not done within ${formatDuration(timeoutMs)}${leaves === undefined ? '' : `; ${leaves}`}`;
}

function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => sanitize(line).trim());
  return lines.findLast((line) => line !== '') ?? '';
}

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

/**
 * `begun`: the hook may have had an effect in the pod. `moot`: the pod is gone or has ended, so that the hook no longer
 * matters there.
 */
export type PodResult =
  | { readonly type: 'done' | 'moot'; readonly begun: boolean }
  /** `words` are for example `exit code 3: disk full`. */
  | { readonly type: 'failed'; readonly begun: boolean; readonly words: string };

/** How much of a command's output is kept, to find its last line. */
const tailBytes = 4096;

/** Errors of an exec that the API server refused before the command started. */
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
  /** What may continue in the pod after the timeout. Left out if `run` itself says what happened. */
  readonly leaves?: string;
}

const runners: { readonly [K in HandlerKind]: HandlerRunner<HookHandlers[K]> } = {
  exec: {
    run: ({ command = [] }, call) => execute(command, call),
    leaves: 'the command may still be running in the pod',
  },
  // Most hooks are commands: load the HTTP client only for a hook that needs it.
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

/** Runs a valid hook (see `checkHook`) for at most `timeoutMs`. Resolves also if the hook fails. */
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
  if (first === undefined) throw new StashError('bug', 'cannot run a hook without a handler');
  return first;
}

/** Whether the pod is gone or has ended, or its container ended because the pod is being deleted. */
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

/** Kubernetes cannot stop a command in a pod: the timeout only closes the connection to it. */
function late(timeoutMs: number, leaves: string | undefined): string {
  return `not done within ${formatDuration(timeoutMs)}${leaves === undefined ? '' : `; ${leaves}`}`;
}

function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => sanitize(line).trim());
  return lines.findLast((line) => line !== '') ?? '';
}

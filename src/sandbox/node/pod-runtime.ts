/** exec and logs of the pods that run here, with the kubelet's words where it cannot be done. */
import { once } from 'node:events';
import { Readable } from 'node:stream';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import type { PodExec, PodLogs, PodRuntime } from '#src/sandbox/api-server/pod-runtime.ts';

import { containerEnvironment, execCommand } from './command-line.ts';
import type { ContainerRun } from './container-run.ts';
import { withFields } from './downward.ts';
import { followFile, startOfTail } from './follow-file.ts';
import type { PodRun } from './pod-run.ts';
import type { ProcessGroups } from './process-groups.ts';

class RuntimeError extends Error {
  readonly code: number;
  readonly reason: string;
  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export interface RuntimeOptions {
  readonly find: (
    namespace: string,
    name: string,
  ) => { pod: Stored<Pod>; run: PodRun | undefined } | undefined;
  readonly groups: ProcessGroups;
  readonly path: string;
}

export function createPodRuntime({ find, groups, path }: RuntimeOptions): PodRuntime {
  function locate(request: Pick<PodExec, 'namespace' | 'pod' | 'container'>) {
    const found = find(request.namespace, request.pod);
    if (!found) throw new RuntimeError(404, 'NotFound', `pods "${request.pod}" not found`);
    const { containers, initContainers = [], hostname = request.pod } = found.pod.spec;
    const name = request.container ?? containers[0]?.name ?? '';
    const container = [...containers, ...initContainers].find((it) => it.name === name);
    if (!container) {
      throw new RuntimeError(400, 'BadRequest', `container ${name} is not valid for pod ${request.pod}`);
    }
    return { ...found, container, hostname, live: found.run?.container(name) };
  }

  async function exec(request: PodExec): Promise<number> {
    const { pod, container, hostname, run, live } = locate(request);
    if (!run || live?.report().state.running === undefined) {
      const message = `unable to upgrade connection: container not found ("${container.name}")`;
      throw new RuntimeError(500, 'InternalError', message);
    }
    const argv = execCommand(request.command, live.mounts);
    const group = groups.start({
      argv,
      cwd: run.home,
      env: containerEnvironment(withFields(container, pod), live.mounts, { home: run.home, hostname, path }),
      stdio: [request.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      volumes: live.mounts.flatMap(({ volume }) => volume ?? []),
    });
    const { child } = group;
    const kill = (): void => {
      group.kill('SIGKILL');
    };
    request.signal.addEventListener('abort', kill);
    if (request.signal.aborted) kill();
    // A command may end without reading what it was sent.
    child.stdin?.on('error', () => undefined);
    if (child.stdin) request.stdin?.pipe(child.stdin);
    child.stdout?.pipe(request.stdout, { end: false });
    child.stderr?.pipe(request.stderr, { end: false });
    const closed = once(child, 'close');
    try {
      const code = await group.exited;
      await closed;
      return code;
    } catch (error) {
      closed.catch(() => undefined);
      throw startFailure(argv[0] ?? '', error);
    } finally {
      request.signal.removeEventListener('abort', kill);
      if (child.stdin) request.stdin?.unpipe(child.stdin);
    }
  }

  async function logs(request: PodLogs): Promise<Readable> {
    const { container, live, pod } = locate(request);
    if (!live) {
      const message = `container "${container.name}" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`;
      throw new RuntimeError(400, 'BadRequest', message);
    }
    const isPrevious = request.previous === true;
    const file = isPrevious ? live.previousLogFile() : live.logFile();
    if (file === undefined && isPrevious) {
      const which = `"${container.name}" in pod "${pod.metadata.name}"`;
      throw new RuntimeError(400, 'BadRequest', `previous terminated container ${which} not found`);
    }
    if (file === undefined) return Readable.from(request.follow ? silence(live, request.signal) : []);
    const start = request.tailLines === undefined ? 0 : await startOfTail(file, request.tailLines);
    const ended = request.follow && !isPrevious ? live.ended : Promise.resolve();
    return Readable.from(followFile(file, start, ended, request.signal), { objectMode: false });
  }

  return { exec, logs };
}

/** The output of a program that only counts as running. */
async function* silence(live: ContainerRun, signal: AbortSignal): AsyncGenerator<never> {
  if (!signal.aborted) await Promise.race([live.ended, once(signal, 'abort')]);
}

function startFailure(program: string, error: unknown): RuntimeError {
  const why =
    error instanceof Error && 'code' in error && error.code === 'ENOENT'
      ? `executable file not found in $PATH`
      : String(error);
  const start = 'OCI runtime exec failed: exec failed: unable to start container process';
  return new RuntimeError(
    500,
    'InternalError',
    `${start}: exec: ${JSON.stringify(program)}: ${why}: unknown`,
  );
}

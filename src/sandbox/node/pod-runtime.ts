/** exec, logs and ports for the pods on this node; errors are in the kubelet's words. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';

import type { Container, Pod, Stored } from '#src/api/kubernetes.ts';
import type {
  ContainerAddress,
  PodExec,
  PodPort,
  PodLogs,
  PodRuntime,
  StartExec,
} from '#src/sandbox/api-server/pod-runtime.ts';

import { containerEnvironment, execCommand } from './command-line.ts';
import type { ContainerRun } from './container-run.ts';
import { withFields } from './downward.ts';
import { isOwnImage, ownCommand, type OwnProgram } from './own-image.ts';
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

interface Running {
  readonly pod: Stored<Pod>;
  readonly container: Container;
  readonly hostname: string;
  readonly run: PodRun;
  readonly live: ContainerRun;
}

export interface RuntimeOptions {
  readonly find: (
    namespace: string,
    name: string,
  ) => { pod: Stored<Pod>; run: PodRun | undefined } | undefined;
  readonly groups: ProcessGroups;
  readonly path: string;
  /** What our own image contains. */
  readonly program?: OwnProgram | undefined;
}

export function createPodRuntime({ find, groups, path, program }: RuntimeOptions): PodRuntime {
  function locate(at: ContainerAddress) {
    const found = find(at.namespace, at.pod);
    const { containers = [], initContainers = [], hostname = at.pod } = found?.pod.spec ?? {};
    const container = [...containers, ...initContainers].find(({ name }) => name === at.container);
    if (!found || !container) throw new RuntimeError(404, 'NotFound', 'pod does not exist');
    return { ...found, container, hostname, live: found.run?.container(at.container) };
  }

  function openExec(at: ContainerAddress): StartExec {
    const { pod, container, hostname, run, live } = locate(at);
    if (!run || live?.report().state.running === undefined) {
      throw new RuntimeError(500, 'InternalError', `container not found ("${container.name}")`);
    }
    return (request) => exec({ pod, container, hostname, run, live }, request);
  }

  async function exec({ pod, container, hostname, run, live }: Running, request: PodExec): Promise<number> {
    const argv =
      program && isOwnImage(container.image)
        ? ownCommand(program, request.command, live.mounts)
        : execCommand(request.command, live.mounts);
    if (argv === undefined) throw startFailure(request.command[0] ?? '', missing);
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
    // A command may end without reading its stdin.
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
    if (file === undefined) return Readable.from(request.follow ? emptyLog(live, request.signal) : []);
    const start = request.tailLines === undefined ? 0 : await startOfTail(file, request.tailLines);
    const ended = request.follow && !isPrevious ? live.ended : Promise.resolve();
    return Readable.from(followFile(file, start, ended, request.signal), { objectMode: false });
  }

  function hostPort({ namespace, pod: name, port }: PodPort): number {
    const { pod, run } = find(namespace, name) ?? {};
    const open = pod?.spec.containers.flatMap((container) => run?.container(container.name)?.ports() ?? []);
    if (!open?.length)
      throw new RuntimeError(503, 'ServiceUnavailable', `no process of pod ${name} is running`);
    return open.map((ports) => ports.get(port)).find((found) => found !== undefined) ?? port;
  }

  return { openExec, logs, hostPort };
}

/** The empty log of a program that only counts as running. */
async function* emptyLog(live: ContainerRun, signal: AbortSignal): AsyncGenerator<never> {
  if (!signal.aborted) await Promise.race([live.ended, once(signal, 'abort')]);
}

const missing = Object.assign(new Error('not in the image'), { code: 'ENOENT' });

/** The error in the words of runc and containerd. */
function startFailure(program: string, error: unknown): Error {
  const why =
    error instanceof Error && 'code' in error && error.code === 'ENOENT'
      ? program.includes('/')
        ? `stat ${program}: no such file or directory`
        : 'executable file not found in $PATH'
      : String(error);
  const start = 'OCI runtime exec failed: exec failed: unable to start container process';
  return new Error(
    `failed to exec in container: failed to start exec "${randomUUID().replaceAll('-', '')}": ` +
      `${start}: exec: ${JSON.stringify(program)}: ${why}: unknown`,
  );
}

/** Runs one container and restarts it as its pod's restart policy says, until it is stopped. */
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

import type { Container, ContainerStatus, PodSpec } from '#src/api/kubernetes.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';
import { aborted, pause } from '#src/sandbox/controllers/mirror.ts';
import { startTimer } from '#src/sandbox/timer.ts';

import { createBackOff, formatBackOff } from './back-off.ts';
import { containerCommand, containerEnvironment, execCommand } from './command-line.ts';
import type { Launch } from './own-image.ts';
import { startProbes } from './probes.ts';
import type { ProcessGroup, ProcessGroups } from './process-groups.ts';
import { rewritePaths, type Mount } from './rewrite.ts';
import { openTerminationMessage } from './termination-message.ts';

export interface ContainerReport {
  readonly container: Container;
  readonly state: NonNullable<ContainerStatus['state']>;
  readonly lastState?: ContainerStatus['state'];
  /** Result of its readiness probe; true without one. */
  readonly ready: boolean;
  /** Result of its startup probe; true without one. */
  readonly started: boolean;
  readonly restarts: number;
  /** It has ended and will not be restarted. */
  readonly final: boolean;
}

export interface VolumeMount extends Mount {
  /** The volume's handle in the storage, if it has one. */
  readonly volume: string | undefined;
}

export interface HostEnvironment {
  readonly home: string;
  readonly hostname: string;
  readonly path: string;
}

export interface ContainerRun {
  report(): ContainerReport;
  readonly mounts: readonly VolumeMount[];
  /** Maps container ports to ports of this machine; undefined if no process is running. */
  ports(): ReadonlyMap<number, number> | undefined;
  /** Output of the current run. */
  logFile(): string | undefined;
  /** Output of the previous run. */
  previousLogFile(): string | undefined;
  /** Resolves when the container has started for the first time, as its startup probe says, or never will. */
  readonly started: Promise<void>;
  /** Resolves when the container will not be restarted. */
  readonly ended: Promise<void>;
  /** Sends SIGTERM, and SIGKILL after `grace` milliseconds. */
  stop(grace: number): Promise<void>;
}

/** Our own image: present on this machine, or impossible to pull. */
export type OwnImage =
  | { readonly type: 'missing'; readonly failure: string }
  | { readonly type: 'here'; readonly launch: () => Promise<Launch | undefined> };

export interface ContainerOptions {
  readonly container: Container;
  /** The container's pod, for messages. */
  readonly pod: { readonly name: string; readonly namespace?: string; readonly uid: string };
  /** Left out for any other image: shells run, other programs only count as running. */
  readonly image?: OwnImage | undefined;
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
  readonly isInit: boolean;
  readonly restartPolicy: PodSpec['restartPolicy'];
  /** How often an earlier node process has started it. */
  readonly startedBefore: number;
  /** One result for each of the container's mounts. */
  readonly mounts: () => Promise<PromiseSettledResult<VolumeMount>[]>;
  readonly hostEnvironment: HostEnvironment;
  readonly logs: string;
  readonly groups: ProcessGroups;
  readonly now: () => Date;
  readonly onChange: () => void;
}

/** Milliseconds between the failed pull and the reported back-off; there is no second pull. */
const pullPause = 1000;
/** How many bytes of a probe's output an Event contains. */
const probeBytes = 2048;

/** Starts the container in the background. */
export function runContainer(options: ContainerOptions): ContainerRun {
  const { container, groups, now } = options;
  const stopping = new AbortController();
  const backOff = createBackOff();
  const started = Promise.withResolvers<undefined>();
  let mounts: VolumeMount[] = [];
  let group: ProcessGroup | undefined;
  let openPorts: ReadonlyMap<number, number> | undefined;
  let logFile: string | undefined;
  let previousLogFile: string | undefined;
  let report: ContainerReport = {
    container,
    state: { waiting: { reason: 'ContainerCreating' } },
    ready: true,
    started: true,
    restarts: options.startedBefore,
    final: false,
  };

  const isStopping = (): boolean => stopping.signal.aborted;

  function update(change: Partial<ContainerReport>): void {
    report = { ...report, ...change };
    options.onChange();
  }

  async function runUntilStopped(): Promise<void> {
    if (options.image?.type === 'missing') {
      await waitForImage(options.image.failure);
      return;
    }
    while (!isStopping()) {
      const terminated = await runOnce();
      const again =
        !isStopping() &&
        (options.restartPolicy === 'OnFailure' || options.isInit
          ? terminated.exitCode !== 0 && options.restartPolicy !== 'Never'
          : options.restartPolicy !== 'Never');
      if (!again) {
        update({ state: { terminated }, final: true });
        return;
      }
      const wait = backOff.next(Date.now());
      if (wait === 0) update({ state: { terminated } });
      else {
        const { name, namespace = '', uid } = options.pod;
        const message = `back-off ${formatBackOff(wait)} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
        const told = `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`;
        options.event('Warning', 'BackOff', told);
        update({ state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState: { terminated } });
        await pause(wait, stopping.signal);
      }
      report = { ...report, lastState: { terminated }, restarts: report.restarts + 1 };
    }
    const { lastState } = report;
    if (lastState) update({ state: lastState, final: true });
  }

  /** Waits until the container is stopped: the image never arrives. */
  async function waitForImage(failure: string): Promise<void> {
    const { image = '' } = container;
    options.event('Normal', 'Pulling', `Pulling image "${image}"`);
    options.event('Warning', 'Failed', `Failed to pull image "${image}": ${failure}`);
    options.event('Warning', 'Failed', 'Error: ErrImagePull');
    update({ state: { waiting: { reason: 'ErrImagePull', message: failure } } });
    await pause(pullPause, stopping.signal);
    if (!isStopping()) {
      options.event('Normal', 'BackOff', `Back-off pulling image "${image}"`);
      options.event('Warning', 'Failed', 'Error: ImagePullBackOff');
      const message = `Back-off pulling image "${image}": ErrImagePull: ${failure}`;
      update({ state: { waiting: { reason: 'ImagePullBackOff', message } } });
      await aborted(stopping.signal);
    }
    update({ final: true });
  }

  /** Runs the container once, from start to end. */
  async function runOnce(): Promise<NonNullable<NonNullable<ContainerStatus['state']>['terminated']>> {
    const startedAt = timestamp(now());
    const end = (exitCode: number, reason: string, message?: string) => ({
      exitCode,
      reason,
      ...(message !== undefined && { message }),
      startedAt,
      finishedAt: timestamp(now()),
    });
    try {
      const found = await options.mounts();
      const message = await openTerminationMessage(container, options.logs, report.restarts);
      mounts = [
        ...found.flatMap((mount) => (mount.status === 'fulfilled' ? mount.value : [])),
        { mountPath: message.mountPath, directory: message.file, volume: undefined },
      ];
      const launch = options.image?.type === 'here' ? await options.image.launch() : undefined;
      const argv = launch
        ? [...launch.program, ...launch.args.map((it) => rewritePaths(it, mounts))]
        : containerCommand(container, mounts);
      if (!argv) return end(await idle(startedAt), 'Completed');
      const failed = found.find((mount) => mount.status === 'rejected');
      if (failed) throw failed.reason;
      group = await spawnGroup(argv, launch);
      // A stop may have been requested while the process started.
      if (isStopping()) group.kill('SIGKILL');
      const { exited } = group;
      const code = await runWithProbes(startedAt, launch?.ports ?? new Map<number, number>(), () => exited);
      return end(code, code === 0 ? 'Completed' : 'Error', await message.read(code, logFile));
    } catch (error) {
      return end(128, 'StartError', error instanceof Error ? error.message : String(error));
    } finally {
      group = undefined;
    }
  }

  /**
   * Handles a program that only its image contains: it counts as running, or, for an init container, as
   * succeeded.
   */
  async function idle(startedAt: string): Promise<number> {
    if (options.isInit || isStopping()) return 0;
    return await runWithProbes(startedAt, undefined, async () => {
      await aborted(stopping.signal);
      return 0;
    });
  }

  /**
   * Waits for `exited` and probes the container meanwhile. `ports`: undefined if there is no process that
   * could listen.
   */
  async function runWithProbes(
    startedAt: string,
    ports: ReadonlyMap<number, number> | undefined,
    exited: () => Promise<number>,
  ): Promise<number> {
    const over = new AbortController();
    const begin = (changes: Partial<ContainerReport>): void => {
      update(changes);
      if (report.started) started.resolve(undefined);
    };
    try {
      openPorts = ports;
      const running = exited();
      const { ready, started: isStarted } = startProbes({
        container,
        ports,
        run: runProbe,
        event: options.event,
        signal: over.signal,
        onReady: (ready) => {
          update({ ready });
        },
        onStarted: () => {
          begin({ started: true });
        },
        end: () => group?.kill('SIGTERM'),
      });
      begin({ state: { running: { startedAt } }, ready, started: isStarted });
      return await running;
    } finally {
      openPorts = undefined;
      over.abort();
    }
  }

  /** Resolves with the command's output if it failed. */
  async function runProbe(command: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const probe = groups.start({
      argv: execCommand(command, mounts),
      cwd: options.hostEnvironment.home,
      env: containerEnvironment(container, mounts, options.hostEnvironment),
      stdio: ['ignore', 'pipe', 'pipe'],
      volumes: mounts.flatMap(({ volume }) => volume ?? []),
    });
    let said = '';
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(0, probeBytes);
    };
    probe.child.stdout?.on('data', hear);
    probe.child.stderr?.on('data', hear);
    const kill = (): void => {
      probe.kill('SIGKILL');
    };
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    try {
      const code = await probe.exited;
      if (signal.aborted) return 'command timed out';
      return code === 0 ? undefined : said;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  async function spawnGroup(
    argv: readonly string[],
    { env = {}, kubeconfig }: Partial<Launch> = {},
  ): Promise<ProcessGroup> {
    await mkdir(options.logs, { recursive: true });
    const path = join(options.logs, `${container.name}.${report.restarts}.log`);
    await using log = await open(path, 'a');
    previousLogFile = logFile;
    logFile = path;
    const { workingDir } = container;
    return groups.start({
      argv,
      cwd: workingDir === undefined ? options.hostEnvironment.home : rewritePaths(workingDir, mounts),
      env: {
        ...containerEnvironment(container, mounts, options.hostEnvironment),
        ...Object.fromEntries(
          Object.entries(env).map(([name, value]) => [name, rewritePaths(value, mounts)]),
        ),
        ...(kubeconfig !== undefined && { KUBECONFIG: kubeconfig }),
      },
      stdio: ['ignore', log.fd, log.fd],
      volumes: mounts.flatMap(({ volume }) => volume ?? []),
    });
  }

  const ended = runUntilStopped().finally(() => {
    started.resolve(undefined);
  });
  return {
    report: () => report,
    started: started.promise,
    get mounts() {
      return mounts;
    },
    ports: () => openPorts,
    logFile: () => logFile,
    previousLogFile: () => (report.state.waiting ? logFile : previousLogFile),
    ended,
    async stop(grace) {
      stopping.abort();
      group?.kill('SIGTERM');
      const late = startTimer(grace, () => group?.kill('SIGKILL'));
      await ended;
      clearTimeout(late);
    },
  };
}

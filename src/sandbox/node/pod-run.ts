/**
 * Runs one pod on this machine: its directory, its init containers one after the other, then its containers.
 * Native sidecars start with the init containers and stop after the containers, in reverse order.
 */
import { join } from 'node:path';

import type { Container, Pod, Stored } from '#src/api/kubernetes.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';

import {
  runContainer,
  type ContainerReport,
  type ContainerRun,
  type OwnImage,
  type VolumeMount,
} from './container-run.ts';
import { withFields } from './downward.ts';
import { isOwnImage, prepareLaunch, pullFailure, type OwnProgram } from './own-image.ts';
import type { ProcessGroups } from './process-groups.ts';
import { isSidecar } from './sidecar.ts';

export interface PodRun {
  readonly uid: string;
  readonly startTime: string;
  /** Reports of the started containers, init containers first. */
  reports(): ContainerReport[];
  container(name: string): ContainerRun | undefined;
  /** Working directory of its commands, and the value of HOME. */
  readonly home: string;
  /** Stops all containers and removes the pod's directory; `grace` in milliseconds. */
  stop(grace: number): Promise<void>;
}

export interface PodRunOptions {
  readonly pod: Stored<Pod>;
  readonly directory: string;
  readonly mountsOf: (container: Container) => Promise<PromiseSettledResult<VolumeMount>[]>;
  readonly path: string;
  readonly groups: ProcessGroups;
  readonly now: () => Date;
  readonly program: OwnProgram | undefined;
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
  readonly onChange: () => void;
}

/** Starts the pod in the background. */
export function runPod(options: PodRunOptions): PodRun {
  const { pod, directory } = options;
  const { initContainers = [], containers, hostname = pod.metadata.name } = pod.spec;
  const graceMs = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  const home = join(directory, 'home');
  const runs = new Map<string, ContainerRun>();
  let stopping = false;

  function start(container: Container, { isInit = false } = {}): ContainerRun {
    const withVariables = withFields(container, pod);
    const run = runContainer({
      container: withVariables,
      pod: pod.metadata,
      image: imageOf(withVariables),
      event: options.event,
      isInit,
      restartPolicy: container.restartPolicy ?? pod.spec.restartPolicy,
      startedBefore: startsOf(pod, container.name),
      mounts: () => options.mountsOf(container),
      hostEnvironment: { home, hostname, path: options.path },
      logs: join(directory, 'logs'),
      groups: options.groups,
      now: options.now,
      onChange: options.onChange,
    });
    runs.set(container.name, run);
    return run;
  }

  /** Returns undefined for an image that is not ours. */
  function imageOf(container: Container): OwnImage | undefined {
    const { program } = options;
    const { image = '' } = container;
    if (!program || !isOwnImage(image)) return undefined;
    const failure = pullFailure(image, program);
    if (failure !== undefined) return { type: 'missing', failure };
    return { type: 'here', launch: () => prepareLaunch(program, pod, container, directory) };
  }

  async function runContainers(): Promise<void> {
    for (const container of initContainers) {
      if (isSidecar(container)) {
        await start(container).started;
        if (stopping) return;
      } else {
        const init = start(container, { isInit: true });
        await init.ended;
        if (stopping) return;
        if (init.report().state.terminated?.exitCode !== 0) {
          await stopSidecars(graceMs);
          return;
        }
      }
    }
    const main = containers.map((container) => start(container));
    await Promise.all(main.map(({ ended }) => ended));
    if (!stopping) await stopSidecars(graceMs);
  }

  async function stopSidecars(grace: number): Promise<void> {
    const until = Date.now() + grace;
    for (const { name } of initContainers.filter(isSidecar).reverse())
      await runs.get(name)?.stop(Math.max(0, until - Date.now()));
  }

  async function stopOthers(grace: number): Promise<void> {
    const sidecars = initContainers.filter(isSidecar).map(({ name }) => name);
    const others = [...runs].filter(([name]) => !sidecars.includes(name));
    await Promise.all(others.map(([, run]) => run.stop(grace)));
  }

  const started = runContainers();
  return {
    uid: pod.metadata.uid,
    startTime: timestamp(options.now()),
    reports: () => [...runs.values()].map((run) => run.report()),
    container: (name) => runs.get(name),
    home,
    async stop(grace) {
      stopping = true;
      const until = Date.now() + grace;
      await stopOthers(grace);
      await stopSidecars(Math.max(0, until - Date.now()));
      await started;
      await removeTree(directory);
    },
  };
}

/** Returns the number of starts in the status that an earlier node process wrote. */
function startsOf({ status }: Stored<Pod>, container: string): number {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const before = statuses.find(({ name }) => name === container);
  return before === undefined ||
    ['ContainerCreating', 'PodInitializing'].includes(before.state?.waiting?.reason ?? '')
    ? 0
    : before.restartCount + 1;
}

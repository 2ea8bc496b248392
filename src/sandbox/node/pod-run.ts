/** One pod on this machine: its directory, its init containers one after the other, then the others. */
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

export interface PodRun {
  readonly uid: string;
  readonly startTime: string;
  /** Of the containers that have been started, init containers first. */
  reports(): ContainerReport[];
  container(name: string): ContainerRun | undefined;
  /** Where its commands run, and what HOME says. */
  readonly home: string;
  /** Ends all containers and removes what the pod kept; `grace` in milliseconds. */
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

export function runPod(options: PodRunOptions): PodRun {
  const { pod, directory } = options;
  const { restartPolicy, initContainers = [], containers, hostname = pod.metadata.name } = pod.spec;
  const home = join(directory, 'home');
  const runs = new Map<string, ContainerRun>();
  let stopping = false;

  function start(container: Container, isInit: boolean): ContainerRun {
    const filled = withFields(container, pod);
    const run = runContainer({
      container: filled,
      image: imageOf(filled),
      event: options.event,
      isInit,
      restartPolicy,
      startedBefore: startsOf(pod, container.name),
      mounts: () => options.mountsOf(container),
      surroundings: { home, hostname, path: options.path },
      logs: join(directory, 'logs'),
      groups: options.groups,
      now: options.now,
      onChange: options.onChange,
    });
    runs.set(container.name, run);
    return run;
  }

  /** Undefined for an image that is not ours. */
  function imageOf(container: Container): OwnImage | undefined {
    const { program } = options;
    const { image = '' } = container;
    if (!program || !isOwnImage(image)) return undefined;
    const failure = pullFailure(image, program);
    if (failure !== undefined) return { type: 'missing', failure };
    return { type: 'here', launch: () => prepareLaunch(program, pod, container, directory) };
  }

  async function live(): Promise<void> {
    for (const container of initContainers) {
      const init = start(container, true);
      await init.ended;
      if (stopping || init.report().state.terminated?.exitCode !== 0) return;
    }
    for (const container of containers) start(container, false);
  }

  const started = live();
  return {
    uid: pod.metadata.uid,
    startTime: timestamp(options.now()),
    reports: () => [...runs.values()].map((run) => run.report()),
    container: (name) => runs.get(name),
    home,
    async stop(grace) {
      stopping = true;
      await Promise.all([...runs.values()].map((run) => run.stop(grace)));
      await started;
      await removeTree(directory);
    },
  };
}

/** As the status tells that an earlier node left behind. */
function startsOf({ status }: Stored<Pod>, container: string): number {
  const before = status?.containerStatuses?.find(({ name }) => name === container);
  return before === undefined || before.state?.waiting?.reason === 'ContainerCreating'
    ? 0
    : before.restartCount + 1;
}

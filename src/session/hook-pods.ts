/** In which pods and containers a target's hooks are run. */
import type { Container, Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import type { HookHandler } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { containerOfHook, hasEnded, whyNotRunning } from '#src/domain/hooks/hook-container.ts';
import type { HandPlace } from '#src/domain/hooks/hook-command.ts';
import { podsUsing } from '#src/domain/restore/claims-in-the-way.ts';
import { formatTarget, targetTypes, type Target } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

import { podsOfWorkload } from './pods-of-target.ts';

/** Why there is nowhere to run a hook; `wanted`: there should be. */
export interface Nowhere {
  readonly why: string;
  readonly wanted: boolean;
}

export interface TargetPods {
  /** All that have not ended, those that are being stopped included: they may be quiesced. */
  readonly pods: readonly Stored<Pod>[];
  /** What is said where none of them runs. */
  readonly otherwise: Nowhere;
}

export async function findTargetPods(cluster: Cluster, target: Target): Promise<TargetPods> {
  const { namespace } = target;
  const of = formatTarget(target);
  if (target.kind === 'PersistentVolumeClaim') {
    const { items } = await cluster.list(pods, { namespace });
    const using = podsUsing(target.name, items);
    return {
      pods: items.filter((pod) => using.includes(pod.metadata.name)),
      otherwise: { why: `no pod that runs uses ${of}`, wanted: false },
    };
  }
  const resource = targetTypes[target.kind].resource as Resource<Workload>;
  let workload: Stored<Workload>;
  try {
    workload = await cluster.get(resource, target.name, namespace);
  } catch (error) {
    if (!isStashError(error, 'not-found')) throw error;
    return { pods: [], otherwise: { why: `${of} does not exist`, wanted: false } };
  }
  const all = await podsOfWorkload(cluster, target.kind, workload);
  return {
    pods: all.filter((pod) => !hasEnded(pod)),
    otherwise:
      wantedPods(target, workload) === 0
        ? { why: `${of} is scaled to 0`, wanted: false }
        : { why: `no pod of ${of} is running`, wanted: true },
  };
}

function wantedPods({ kind }: Target, { spec, status }: Workload): number {
  const wanted = kind === 'DaemonSet' ? status?.['desiredNumberScheduled'] : (spec.replicas ?? 1);
  return typeof wanted === 'number' ? wanted : 1;
}

export interface HookPlace {
  readonly pod: Stored<Pod>;
  readonly container: Container;
}

export interface HookPlaces {
  readonly running: readonly HookPlace[];
  /** Where the container does not run, and why. */
  readonly idle: readonly (HookPlace & { readonly why: string })[];
  /** Pods without a container of that name. */
  readonly lacking: readonly Stored<Pod>[];
}

export function placesOf(pods: readonly Stored<Pod>[], { containerName }: HookHandler): HookPlaces {
  const found = pods.map((pod) => ({ pod, container: containerOfHook(pod, containerName) }));
  const places = found.flatMap(({ pod, container }) =>
    container ? [{ pod, container, why: whyNotRunning(pod, container.name) }] : [],
  );
  return {
    running: places.filter(({ why }) => why === undefined),
    idle: places.flatMap(({ why, ...place }) => (why === undefined ? [] : [{ ...place, why }])),
    lacking: found.filter(({ container }) => container === undefined).map(({ pod }) => pod),
  };
}

/** Where a person can run a hook now; empty where that cannot be found out. Never rejects. */
export async function placesByHand(
  cluster: Cluster,
  target: Target,
  hook: HookHandler,
): Promise<HandPlace[]> {
  try {
    const { pods } = await findTargetPods(cluster, target);
    return placesOf(pods, hook).running.map(({ pod, container }) => {
      return { pod, container: container.name, runs: true };
    });
  } catch {
    return [];
  }
}

/** Where no container runs that the hook is for. */
export function nowhereOf({ idle }: HookPlaces, { otherwise }: TargetPods): Nowhere {
  const stopped = idle.filter(({ pod }) => pod.status?.phase === 'Running');
  const [first] = stopped;
  if (first === undefined) return otherwise;
  const told = stopped.map(({ pod, why }) => `${pod.metadata.name}: ${why}`);
  // A pod that is being stopped will not run it again.
  const wanted = otherwise.wanted || stopped.some(({ pod }) => pod.metadata.deletionTimestamp === undefined);
  return { why: `container ${first.container.name} is not running (${told.join(', ')})`, wanted };
}

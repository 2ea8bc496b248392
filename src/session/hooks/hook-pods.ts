/** Finds the pods and containers in which a target's hooks run. */
import type { Container, KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { pods } from '#src/api/resources.ts';
import type { HookHandler } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { containerOfHook, hasEnded, isOurPod, whyNotRunning } from '#src/domain/hooks/hook-container.ts';
import type { HandPlace } from '#src/domain/hooks/hook-command.ts';
import { podsUsing } from '#src/domain/restore/claims-in-the-way.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { targetTypes, readWorkload } from '#src/domain/workload/kinds.ts';
import { isStashError } from '#src/errors.ts';

import { podsOfWorkload } from './pods-of-target.ts';

/** Why no container can run a hook. `wanted`: the workload should have a running pod, so that this is a failure. */
export interface Nowhere {
  readonly why: string;
  readonly wanted: boolean;
}

export interface TargetPods {
  /** The pods that have not ended. A pod that is being deleted counts: its application may be quiesced. */
  readonly pods: readonly Stored<Pod>[];
  /** The reason if none of these pods runs. */
  readonly otherwise: Nowhere;
}

/**
 * Finds the pods of a workload, or those that use a claim. Leaves out pods of this program: a hook there would have the
 * rights of the operator or its Jobs. Rejects as reading does, but not if the workload is gone.
 */
export async function findTargetPods(cluster: Cluster, target: Target): Promise<TargetPods> {
  const found = await allTargetPods(cluster, target);
  const pods = found.pods.filter((pod) => !isOurPod(pod));
  return pods.length === found.pods.length
    ? found
    : { pods, otherwise: { why: 'hooks do not run in pods of kubectl-stash', wanted: true } };
}

async function allTargetPods(cluster: Cluster, target: Target): Promise<TargetPods> {
  const { namespace } = target;
  const of = formatTarget(target);
  if (target.kind === 'PersistentVolumeClaim') {
    const { items } = await cluster.list(pods, { namespace });
    const using = podsUsing(target.name, items);
    return {
      pods: items.filter((pod) => using.includes(pod.metadata.name)),
      otherwise: { why: `no running pod uses ${of}`, wanted: false },
    };
  }
  let workload: Stored<KubernetesObject>;
  try {
    workload = await cluster.get(targetTypes[target.kind].resource, target.name, namespace);
  } catch (error) {
    if (!isStashError(error, 'not-found')) throw error;
    return { pods: [], otherwise: { why: `${of} does not exist`, wanted: false } };
  }
  const all = await podsOfWorkload(cluster, target.kind, workload);
  return {
    pods: all.filter((pod) => !hasEnded(pod)),
    otherwise:
      readWorkload(target.kind, workload)?.wantedPods === 0
        ? { why: `${of} is scaled to 0`, wanted: false }
        : { why: `no pod of ${of} is running`, wanted: true },
  };
}

export interface HookPlace {
  readonly pod: Stored<Pod>;
  readonly container: Container;
}

export interface HookPlaces {
  readonly running: readonly HookPlace[];
  /** Places whose container does not run, and why. */
  readonly idle: readonly (HookPlace & { readonly why: string })[];
  /** Pods without a container of the hook's name. */
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

/** Finds where a user can run a hook by hand now. Resolves with undefined if the pods cannot be read. Never rejects. */
export async function placesByHand(
  cluster: Cluster,
  target: Target,
  hook: HookHandler,
): Promise<HandPlace[] | undefined> {
  try {
    const { pods } = await findTargetPods(cluster, target);
    return placesOf(pods, hook).running.map(({ pod, container }) => {
      return { pod, container: container.name, runs: true };
    });
  } catch {
    return undefined;
  }
}

/** Returns the reason why a hook cannot run, if its container runs in no pod. */
export function nowhereOf({ idle }: HookPlaces, { otherwise }: TargetPods): Nowhere {
  const stopped = idle.filter(({ pod }) => pod.status?.phase === 'Running');
  const [first] = stopped;
  if (first === undefined) return otherwise;
  const reasons = stopped.map(({ pod, why }) => `${pod.metadata.name}: ${why}`);
  // A pod that is being deleted does not start its container again.
  const wanted = otherwise.wanted || stopped.some(({ pod }) => pod.metadata.deletionTimestamp === undefined);
  return { why: `container ${first.container.name} is not running (${reasons.join(', ')})`, wanted };
}

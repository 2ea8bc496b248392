/** The one node: schedules pods, runs them and reports their status. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import {
  nodes as nodeResource,
  persistentVolumeClaims,
  persistentVolumes,
  pods as podResource,
  storageClasses as storageClassResource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { PodRuntime } from '#src/sandbox/api-server/pod-runtime.ts';
import { claimNamesOf } from '#src/sandbox/controllers/claim-users.ts';
import { keyOf, openMirror } from '#src/sandbox/controllers/mirror.ts';
import { startReconciler } from '#src/sandbox/controllers/reconciler.ts';
import { eventRecorder } from '#src/sandbox/controllers/record-event.ts';
import { deleteSeen, setStatus } from '#src/sandbox/controllers/writes.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import type { Storage } from '#src/sandbox/storage/storage.ts';

import { announceNode, sandboxNode } from './announce-node.ts';
import type { OwnProgram } from './own-image.ts';
import { placePod } from './place-pod.ts';
import { createPlainPaths } from './plain-paths.ts';
import { mountsOf, type VolumeSources } from './pod-mounts.ts';
import { runPod, type PodRun } from './pod-run.ts';
import { createPodRuntime } from './pod-runtime.ts';
import { podStatus } from './pod-status.ts';
import { createProcessGroups } from './process-groups.ts';

export interface NodeOptions {
  readonly cluster: Cluster;
  readonly storage: Pick<Storage, 'volumePath' | 'devicePath'>;
  /** For the pods' own files; emptied first. */
  readonly directory: string;
  readonly now: () => Date;
  readonly onError: (message: string) => void;
  /** The node's name; default `sandbox`. */
  readonly name?: string;
  /** PATH of the processes in pods. */
  readonly path: string;
  /** Port at which an API server in another process reaches exec and logs. */
  readonly kubeletPort?: number;
  /** How to run containers of our own image. Left out: they only count as running. */
  readonly program?: OwnProgram | undefined;
}

export interface SandboxNode extends PodRuntime {
  /** Stops every process that can write to a volume (by its handle). The returned function continues them. */
  freeze(volumeHandle: string): () => void;
  /** Kills every process of every pod. */
  stop(): Promise<void>;
}

/** Registers the node and starts to run its pods. Resolves when it is ready. */
export async function startNode(options: NodeOptions): Promise<SandboxNode> {
  const { cluster, directory, now, path, name: nodeName = sandboxNode } = options;
  await removeTree(directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const stopping = new AbortController();
  const { signal } = stopping;
  const groups = createProcessGroups();
  const plainPaths = createPlainPaths();
  const event = eventRecorder(cluster, 'kubelet', now);
  const pods = openMirror(cluster, podResource, signal);
  const claims = openMirror(cluster, persistentVolumeClaims, signal);
  const volumes = openMirror(cluster, persistentVolumes, signal);
  const storageClasses = openMirror(cluster, storageClassResource, signal);
  const nodes = openMirror(cluster, nodeResource, signal);
  const mirrors = { pods, claims, volumes, storageClasses, nodes };
  const runs = new Map<string, PodRun>();
  const sources: VolumeSources = {
    claim: (name, namespace) => claims.get(name, namespace),
    volume: (name) => volumes.get(name),
    volumePath: (handle) => options.storage.volumePath(handle),
    devicePath: (handle) => options.storage.devicePath(handle),
    plainPath: (path) => plainPaths.of(path),
  };

  async function reconcile(key: string): Promise<undefined> {
    const [namespace = '', name = ''] = key.split('/');
    const pod = pods.get(name, namespace);
    const run = runs.get(key);
    if (run && run.uid !== pod?.metadata.uid) {
      await run.stop(0);
      runs.delete(key);
    }
    if (!pod) return;
    const { nodeName: assigned } = pod.spec;
    if (assigned !== undefined && assigned !== nodeName) return;
    if (pod.metadata.deletionTimestamp !== undefined) await end(key, pod);
    else if (assigned === undefined) await placePod({ cluster, node: nodeName, now, event, mirrors }, pod);
    else await report(key, pod);
  }

  async function report(key: string, pod: Stored<Pod>): Promise<void> {
    const { phase } = pod.status ?? {};
    if (!runs.has(key) && (phase === 'Succeeded' || phase === 'Failed')) return;
    if (!runs.has(key) && !mayMount(pod)) return;
    if (!runs.has(key) && phase === 'Running' && pod.spec.restartPolicy === 'Never') {
      const message = 'the node has restarted, and the pod must not be restarted';
      await setStatus(cluster, pods, pod, {
        ...pod.status,
        phase: 'Failed',
        reason: 'NodeRestarted',
        message,
      });
      return;
    }
    const run = runs.get(key) ?? begin(key, pod);
    await setStatus(cluster, pods, pod, podStatus(pod, run.reports(), run.startTime, now()));
  }

  /**
   * Checks the volumes again: a pod with `spec.nodeName` set by its author was not scheduled, so its claims
   * may be missing or terminating.
   */
  function mayMount(pod: Stored<Pod>): boolean {
    const { namespace = '' } = pod.metadata;
    const mounted = claimNamesOf(pod).map((name) => claims.get(name, namespace));
    const going = mounted.find((claim) => claim?.metadata.deletionTimestamp !== undefined);
    if (going) {
      const why = `error processing PVC ${namespace}/${going.metadata.name}: PVC is being deleted`;
      event(podResource, pod, 'Warning', 'FailedMount', `Unable to attach or mount volumes: ${why}`);
    }
    return !going && mounted.every((claim) => claim?.status?.phase === 'Bound');
  }

  function begin(key: string, pod: Stored<Pod>): PodRun {
    const home = join(directory, pod.metadata.uid);
    const run = runPod({
      pod,
      directory: home,
      mountsOf: (container) => mountsOf(pod, container, home, sources),
      path,
      groups,
      now,
      program: options.program,
      event: (type, reason, message) => {
        event(podResource, pod, type, reason, message);
      },
      onChange: () => {
        reconciler.enqueue(key);
      },
    });
    runs.set(key, run);
    return run;
  }

  async function end(key: string, pod: Stored<Pod>): Promise<void> {
    const seconds = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    if (runs.has(key)) event(podResource, pod, 'Normal', 'Killing', 'Stopping containers');
    const run = runs.get(key);
    await run?.stop(seconds * 1000);
    // The owner of the pod's finalizer, such as a Job, needs to know how the pod ended.
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (!isOver && pod.metadata.finalizers && pod.spec.nodeName !== undefined) {
      const last = run ? podStatus(pod, run.reports(), run.startTime, now()) : pod.status;
      const phase = last?.phase === 'Succeeded' ? 'Succeeded' : 'Failed';
      await setStatus(cluster, pods, pod, { ...last, phase });
    }
    runs.delete(key);
    await deleteSeen(cluster, podResource, pod, { gracePeriodSeconds: 0 });
  }

  const reconciler = startReconciler({
    reconcile,
    onError: (key, error) => {
      options.onError(`pod ${key}: ${error instanceof Error ? error.message : String(error)}`);
    },
    signal,
  });
  pods.onChange(({ metadata }) => {
    const key = keyOf(metadata.name, metadata.namespace);
    const run = runs.get(key);
    // After a forced deletion, a reconcile may still be waiting for a graceful stop.
    if (run && pods.get(metadata.name, metadata.namespace)?.metadata.uid !== run.uid) void run.stop(0);
    reconciler.enqueue(key);
  });
  const enqueueWaiting = (wanted: (pod: Stored<Pod>) => boolean): void => {
    for (const pod of pods.list()) {
      const key = keyOf(pod.metadata.name, pod.metadata.namespace);
      if (!runs.has(key) && wanted(pod)) reconciler.enqueue(key);
    }
  };
  claims.onChange(({ metadata }) => {
    enqueueWaiting(
      (pod) => pod.metadata.namespace === metadata.namespace && claimNamesOf(pod).includes(metadata.name),
    );
  });
  const enqueueUnplaced = (): void => {
    enqueueWaiting((pod) => pod.spec.nodeName === undefined);
  };
  storageClasses.onChange(enqueueUnplaced);
  volumes.onChange(enqueueUnplaced);
  nodes.onChange(enqueueUnplaced);
  await Promise.all(Object.values(mirrors).map((mirror) => mirror.synced));
  await announceNode(cluster, { name: nodeName, now: now(), kubeletPort: options.kubeletPort });
  pods.announce();

  const find = (namespace: string, name: string) => {
    const pod = pods.get(name, namespace);
    return pod && { pod, run: runs.get(keyOf(name, namespace)) };
  };
  return {
    ...createPodRuntime({ find, groups, path, program: options.program }),
    freeze: (volumeHandle) => groups.freeze(volumeHandle),
    async stop() {
      stopping.abort();
      await Promise.all([...runs.values()].map((run) => run.stop(0)));
      await groups.killAll();
      await reconciler.stopped();
      await plainPaths.remove();
    },
  };
}

/**
 * An API in memory with the sandbox's controllers and, on request, its node, with functions to wait for
 * objects.
 */
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { createApi } from '#src/sandbox/api-server/create-api.ts';
import { startGarbageCollector } from '#src/sandbox/api-server/garbage-collector.ts';
import { createLocalCluster } from '#src/sandbox/api-server/local-cluster.ts';
import { startControllers } from '#src/sandbox/controllers/start-controllers.ts';
import { startNode, type SandboxNode } from '#src/sandbox/node/start-node.ts';
import { seed } from '#src/sandbox/seed.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { driverName, openDriver } from '#src/sandbox/storage/driver.ts';
import { openStorage, type Storage } from '#src/sandbox/storage/storage.ts';

export interface RunningCluster {
  readonly cluster: Cluster;
  readonly storage: Storage;
  readonly node: SandboxNode;
  readonly directory: string;
  /** Resolves with the object once it satisfies; `undefined` in `satisfies` stands for one that is not there. */
  until<T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    satisfies: (object: Stored<T> | undefined) => boolean,
  ): Promise<Stored<T>>;
  gone(resource: Resource, name: string): Promise<void>;
  /** Resolves once `satisfies` returns true for all objects of the kind. */
  untilAll<T extends KubernetesObject>(
    resource: Resource<T>,
    satisfies: (objects: Stored<T>[]) => boolean,
  ): Promise<Stored<T>[]>;
  /**
   * Resolves with the Events about an object, as `Reason: message`, oldest first, once one has that reason.
   */
  eventsOf(name: string, reason: string): Promise<string[]>;
  claim(name: string, spec?: object): Promise<void>;
  snapshot(name: string, claim: string, className?: string): Promise<void>;
  /** Returns the cluster's time. */
  now(): Date;
  /** Moves the clock forward. Resolves when everything that waits for a time has been reconciled. */
  advance(milliseconds: number): Promise<void>;
}

interface EventObject extends KubernetesObject {
  involvedObject: { name: string };
  reason: string;
  message: string;
}
const events: Resource<EventObject> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** `begin`: the initial time; default the machine's. */
export async function startCluster({ begin = new Date() } = {}): Promise<RunningCluster> {
  const directory = await mkdtemp(join(tmpdir(), "stash cluster's-"));
  let ahead = begin.getTime() - Date.now();
  const now = () => new Date(Date.now() + ahead);
  const api = createApi({ now });
  const stopCollecting = startGarbageCollector(api);
  const nodes: SandboxNode[] = [];
  const cluster = createLocalCluster(api, () => nodes[0]);
  await seed(cluster, driverName);
  const ending = new AbortController();
  const { signal } = ending;
  const errors: string[] = [];
  const onError = (message: string) => void errors.push(message);
  const storage = await openStorage(join(directory, 'storage'), {
    freeze: (handle) => nodes[0]?.freeze(handle) ?? (() => undefined),
  });
  const driver = openDriver(storage, signal);
  const controllers = await startControllers({ cluster, driver, now, signal, onError });
  const node = await startNode({
    cluster,
    storage,
    directory: join(directory, 'pods'),
    now,
    onError,
    path: process.env['PATH'] ?? '/usr/bin:/bin',
  });
  nodes.push(node);
  after(async () => {
    ending.abort();
    await node.stop();
    await controllers.stopped();
    stopCollecting();
    await removeTree(directory);
    assert.deepEqual(errors, []);
  });

  async function untilAll<T extends KubernetesObject>(
    resource: Resource<T>,
    satisfies: (objects: Stored<T>[]) => boolean,
  ): Promise<Stored<T>[]> {
    const objects = new Map<string, Stored<T>>();
    const watching = new AbortController();
    try {
      for await (const event of cluster.watch(resource, {}, AbortSignal.any([signal, watching.signal]))) {
        if (event.type === 'listed') for (const item of event.items) objects.set(item.metadata.uid, item);
        else if (event.type === 'changed') objects.set(event.object.metadata.uid, event.object);
        else if (event.type === 'deleted') objects.delete(event.object.metadata.uid);
        const current = [...objects.values()];
        if (satisfies(current)) return current;
      }
      throw new Error(`the cluster has stopped; last: ${JSON.stringify([...objects.values()])}`);
    } finally {
      watching.abort();
    }
  }

  return {
    cluster,
    storage,
    node,
    directory,
    untilAll,
    async until(resource, name, satisfies) {
      const byName = (objects: Stored<KubernetesObject>[]) =>
        objects.find(({ metadata }) => metadata.name === name);
      const objects = await untilAll(resource, (all) => {
        const found = byName(all) as (typeof all)[number] | undefined;
        return found !== undefined && satisfies(found);
      });
      return byName(objects) as (typeof objects)[number];
    },
    async gone(resource, name) {
      await untilAll(resource, (all) => all.every(({ metadata }) => metadata.name !== name));
    },
    async eventsOf(name, reason) {
      const isAbout = (event: EventObject) => event.involvedObject.name === name;
      const all = await untilAll(events, (seen) =>
        seen.some((event) => isAbout(event) && event.reason === reason),
      );
      return all.filter(isAbout).map((event) => `${event.reason}: ${event.message}`);
    },
    async claim(name, spec = {}) {
      await cluster.create(persistentVolumeClaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace: 'default' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
      });
    },
    async snapshot(name, claim, className) {
      await cluster.create(volumeSnapshots, {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshot',
        metadata: { name, namespace: 'default' },
        spec: {
          source: { persistentVolumeClaimName: claim },
          ...(className !== undefined && { volumeSnapshotClassName: className }),
        },
      });
    },
    now,
    async advance(milliseconds) {
      ahead += milliseconds;
      controllers.lookAgain();
      // The controllers' work is a chain of microtasks.
      await setImmediate();
    },
  };
}

export const isBound = (claim: { status?: { phase?: string } } | undefined): boolean =>
  claim?.status?.phase === 'Bound';

/** A namespace for one test: created at its start and deleted at its end. */
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import type { TestContext } from 'node:test';

import type { KubernetesObject, Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import {
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { label } from '#src/api/labels.ts';
import { readSwapped } from '#src/domain/in-place/swapped-volume.ts';
import type { DeleteOptions } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';

import {
  documentedRules,
  grantEverywhere,
  grantInNamespace,
  hasAccessControl,
  inPlaceRules,
  untilGranted,
} from './developer.ts';
import { claim, reader } from './manifests.ts';
import { runPlugin, type Identity, type Ran, type RunOptions } from './plugin.ts';
import type { TestServer } from './server.ts';

/**
 * Milliseconds after which a test gives up waiting. Real servers take seconds where the sandbox takes
 * milliseconds.
 */
const patience = 180_000;

export interface Place {
  readonly namespace: string;
  /** A developer of this namespace only; undefined on a server without access control. */
  readonly developer: Identity | undefined;
  /**
   * Runs the plugin as the developer in this namespace. In a single string, words are separated by single
   * spaces.
   */
  stash(line: string | readonly string[], options?: RunOptions): Promise<Ran>;
  /** Does the same, and fails the test unless the exit code is 0. */
  succeeds(line: string | readonly string[], options?: RunOptions): Promise<Ran>;
  create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<Stored<T>>;
  list<T extends KubernetesObject>(resource: Resource<T>): Promise<Stored<T>[]>;
  remove(resource: Resource, ...names: string[]): Promise<void>;
  /** Creates claims of the server's class. Resolves when they are bound. */
  claims(...names: string[]): Promise<void>;
  scale(resource: Resource<Workload>, name: string, replicas: number): Promise<void>;
  /** Lets the driver delete the volumes that restores in place have kept: nothing else does. */
  giveUpVolumes(): Promise<void>;
  /** Deletes all pods, without their grace. */
  killPods(): Promise<void>;
  /** Resolves with the result of `select` on the kind's objects as soon as it is not undefined. */
  until<T extends KubernetesObject, Found>(
    resource: Resource<T>,
    select: (objects: readonly Stored<T>[]) => Found | undefined | false,
  ): Promise<Found>;
  /** Resolves with the names of an app's ready pods, once there are `count`. */
  running(app: string, count?: number): Promise<string[]>;
  /**
   * Resolves with a shell script's output in a pod; fails the test unless the exit code is 0. `container` is
   * needed if there are several.
   */
  sh(pod: string, script: string, container?: string): Promise<string>;
  /** Resolves with a script's output in a new pod that mounts the claims. */
  look(claims: readonly string[], script: string): Promise<string>;
}

export interface PlaceRights {
  readonly classes?: boolean;
  readonly hooksAndDeletions?: boolean;
  readonly files?: boolean;
  readonly inPlace?: boolean | 'without-volumes';
}

/**
 * `classes: false`: the developer may not read classes and volumes, which are cluster-scoped.
 * `hooksAndDeletions`, `files`, `inPlace`: the developer also has the rights of that optional file.
 */
export async function openPlace(
  t: TestContext,
  server: TestServer,
  wanted: PlaceRights = {},
): Promise<Place> {
  const { cluster, kubeconfig, storageClass } = server;
  const made = await cluster.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { generateName: 'stash-e2e-' },
  });
  const namespace = made.metadata.name;
  /** A controller may have deleted the object meanwhile. */
  async function discard(
    resource: Resource,
    object: { readonly name: string },
    options?: DeleteOptions,
  ): Promise<void> {
    try {
      await cluster.delete(resource, { name: object.name, namespace }, options);
    } catch (error) {
      if (!isStashError(error, 'not-found')) throw error;
    }
  }
  t.after(async () => {
    // A driver without space may still cut a snapshot, so it stays until its volume is gone: delete claims
    // first.
    for (const { metadata } of (await cluster.list(persistentVolumeClaims, { namespace })).items)
      await discard(persistentVolumeClaims, metadata);
    // One after the other: if two failed snapshots of a claim are deleted at once, external-snapshotter 8.6
    // may leave its finalizer on the claim forever.
    for (const { metadata } of (await cluster.list(volumeSnapshots, { namespace })).items) {
      await discard(volumeSnapshots, metadata);
      await until(volumeSnapshots, (all) => all.every(({ metadata: { uid } }) => uid !== metadata.uid));
    }
    await cluster.delete(namespaces, { name: namespace });
    await until(namespaces, (all) => all.every(({ metadata }) => metadata.name !== namespace));
  });
  const developer = await admitDeveloper(t, server, namespace, wanted);

  async function until<T extends KubernetesObject, Found>(
    resource: Resource<T>,
    select: (objects: readonly Stored<T>[]) => Found | undefined | false,
  ): Promise<Found> {
    const known = new Map<string, Stored<T>>();
    const watching = new AbortController();
    const scope = resource.namespaced ? { namespace } : {};
    const signal = AbortSignal.any([watching.signal, AbortSignal.timeout(patience)]);
    try {
      for await (const event of cluster.watch(resource, scope, signal)) {
        if (event.type === 'listed') {
          known.clear();
          for (const object of event.items) known.set(object.metadata.name, object);
        } else if (event.type === 'changed') known.set(event.object.metadata.name, event.object);
        else if (event.type === 'deleted') known.delete(event.object.metadata.name);
        const found = select([...known.values()]);
        if (found !== undefined && found !== false) return found;
      }
    } finally {
      watching.abort();
    }
    return assert.fail(`timed out waiting; ${resource.plural}: ${JSON.stringify([...known.values()])}`);
  }

  const stash: Place['stash'] = (line, options) =>
    runPlugin(kubeconfig, typeof line === 'string' ? line.split(' ') : line, {
      identity: developer,
      namespace,
      ...options,
    });

  const sh: Place['sh'] = async (pod, script, container) => {
    const out = collector();
    const err = collector();
    const command = ['sh', '-c', script];
    const streams = { stdout: out.stream, stderr: err.stream };
    const where = { namespace, pod, ...(container !== undefined && { container }) };
    const code = await cluster.exec({ ...where, command, ...streams });
    assert.equal(code, 0, `${script}: ${err.text()}`);
    return out.text().trimEnd();
  };

  return {
    namespace,
    developer,
    stash,
    until,
    sh,
    async succeeds(line, options) {
      const ran = await stash(line, options);
      assert.equal(ran.code, 0, `${[line].flat().join(' ')}: ${ran.stderr}`);
      return ran;
    },
    create: (resource, object) =>
      cluster.create(resource, { ...object, metadata: { ...object.metadata, namespace } }),
    list: async (resource) => (await cluster.list(resource, { namespace })).items,
    async remove(resource, ...names) {
      const { items } = await cluster.list(resource, { namespace });
      const removed = items.filter(({ metadata }) => names.includes(metadata.name));
      assert.equal(removed.length, names.length, `to be removed: ${names.join(', ')}`);
      for (const { metadata } of removed) await cluster.delete(resource, metadata);
      // By UID: a controller may have created another object of that name at once.
      const uids = new Set(removed.map(({ metadata }) => metadata.uid));
      await until(resource, (all) => all.every(({ metadata }) => !uids.has(metadata.uid)));
    },
    async claims(...names) {
      for (const name of names) {
        const object = claim(name, storageClass);
        await cluster.create(persistentVolumeClaims, {
          ...object,
          metadata: { ...object.metadata, namespace },
        });
      }
      await until(persistentVolumeClaims, (all) =>
        names.every((name) => all.some((each) => each.metadata.name === name && isBound(each))),
      );
    },
    async scale(resource, name, replicas) {
      await cluster.patch(resource, { name, namespace }, { spec: { replicas } });
      if (replicas === 0)
        await until(pods, (all) => all.every((pod) => pod.metadata.labels?.['app'] !== name));
      else await until(pods, (all) => readyPods(all, name).length === replicas);
    },
    async giveUpVolumes() {
      const { items } = await cluster.list(persistentVolumes, { labelSelector: label.restoreSession });
      for (const volume of items.filter((each) => readSwapped(each)?.namespace === namespace)) {
        const metadata = { labels: { [label.restoreSession]: null } };
        const spec = { persistentVolumeReclaimPolicy: 'Delete' };
        await cluster.patch(persistentVolumes, { name: volume.metadata.name }, { metadata, spec });
      }
    },
    async killPods() {
      for (const { metadata } of (await cluster.list(pods, { namespace })).items)
        await discard(pods, metadata, { gracePeriodSeconds: 0 });
    },
    running: (app, count = 1) =>
      until(pods, (all) => {
        const ready = readyPods(all, app);
        return ready.length >= count && ready;
      }),
    async look(claims, script) {
      const object: Pod = reader(claims);
      const pod = await cluster.create(pods, { ...object, metadata: { ...object.metadata, namespace } });
      const { name } = pod.metadata;
      await until(pods, (all) => all.some((each) => each.metadata.name === name && isReady(each)));
      const printed = await sh(name, script);
      await cluster.delete(pods, { name, namespace });
      await until(pods, (all) => all.every(({ metadata }) => metadata.name !== name));
      return printed;
    },
  };
}

async function admitDeveloper(
  t: TestContext,
  server: TestServer,
  namespace: string,
  { classes = true, hooksAndDeletions = false, files = false, inPlace = false }: PlaceRights,
): Promise<Identity | undefined> {
  if (!(await hasAccessControl(server))) return undefined;
  const user = `${namespace}-developer`;
  const group = `${namespace}-classes`;
  const [swapRules, all] = inPlace === false ? [[], []] : await inPlaceRules();
  const volumeRules = inPlace === 'without-volumes' ? [] : all;
  const rules = [
    ...(await documentedRules('developer.yaml')),
    ...(await documentedRules('schedules.yaml')),
    ...(hooksAndDeletions ? await documentedRules('hooks-and-deletions.yaml') : []),
    ...(files ? await documentedRules('files.yaml') : []),
    ...swapRules,
  ];
  await grantInNamespace(server, namespace, user, rules);
  const extra = [...(classes ? await documentedRules('classes.yaml') : []), ...volumeRules];
  const inGroup = extra.length > 0;
  if (inGroup) t.after(await grantEverywhere(server, group, extra));
  const developer = { as: user, ...(inGroup && { asGroup: [group] }) };
  await untilGranted(server, namespace, developer, [...rules, ...extra]);
  return developer;
}

export function isBound(claim: { status?: { phase?: string } }): boolean {
  return claim.status?.phase === 'Bound';
}

function readyPods(all: readonly Stored<Pod>[], app: string): string[] {
  return all
    .filter((pod) => pod.metadata.labels?.['app'] === app && isReady(pod))
    .map(({ metadata }) => metadata.name)
    .sort();
}

function isReady({ metadata, status }: Stored<Pod>): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ===
      true
  );
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

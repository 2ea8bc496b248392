/** Leaves a developer's cluster as it was, even if tests are interrupted. */
import { stashGroup } from '#src/api/labels.ts';
import { operatorNamespace } from '#src/api/operator.ts';
import {
  customResourceDefinitions,
  namespaces,
  persistentVolumeClaims,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import { clusterRoleBindings, clusterRoles } from '#test/support/rbac.ts';
import { until } from '#test/support/until.ts';

import { scaledClock } from '#test/support/scaled-clock.ts';
import { endSourceProtection } from './source-protection.ts';

/** Prefix of every namespace and cluster-scoped object that a test creates. */
const prefix = 'stash-e2e-';

/** Real drivers are slow. */
const patience = 180_000;

/**
 * Runs `work`, then deletes everything that it created. `say` receives a line about each object that the
 * tests left behind.
 */
export async function withCleanup<T>(
  kubeconfig: string,
  say: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const { cluster } = await connect({ kubeconfig }, {}, { clock: scaledClock(), version: 'test-cluster' });
  try {
    const before = await found(cluster);
    const hadOperator = await hasOperator(cluster);
    try {
      return await work();
    } finally {
      await removeAllBut(cluster, before, say, async () => {
        if (hadOperator || !(await hasOperator(cluster))) return;
        say('removing the operator');
        const { code, stderr } = await runPlugin(kubeconfig, ['uninstall']);
        if (code !== 0) say(stderr);
      });
    }
  } finally {
    cluster.close();
  }
}

/**
 * In order of deletion: an object must not need a later one. Deleting a snapshot, for instance, reads its
 * class.
 */
const kinds: readonly Resource[] = [
  namespaces,
  storageClasses,
  volumeSnapshotClasses,
  clusterRoleBindings,
  clusterRoles,
  customResourceDefinitions,
];

async function found(cluster: Cluster): Promise<ReadonlyMap<Resource, ReadonlySet<string>>> {
  return new Map(
    await Promise.all(kinds.map(async (kind) => [kind, new Set(await namesOf(cluster, kind))] as const)),
  );
}

async function hasOperator(cluster: Cluster): Promise<boolean> {
  const { items } = await cluster.list(namespaces);
  return items.some(({ metadata }) => metadata.name === operatorNamespace);
}

async function namesOf(cluster: Cluster, kind: Resource): Promise<string[]> {
  const names = (await cluster.list(kind)).items.map(({ metadata }) => metadata.name);
  return kind === customResourceDefinitions
    ? names.filter((name) => name.endsWith(`.${stashGroup}`))
    : names.filter((name) => name.startsWith(prefix));
}

/**
 * Deletes snapshots one by one, as `openPlace` does: external-snapshotter 8.6 does not cope with the deletion of
 * all of a namespace's objects at once.
 */
async function removeSnapshots(cluster: Cluster, namespace: string): Promise<void> {
  for (const { metadata } of (await cluster.list(persistentVolumeClaims, { namespace })).items)
    await remove(cluster, persistentVolumeClaims, metadata);
  for (const { metadata } of (await cluster.list(volumeSnapshots, { namespace })).items) {
    await remove(cluster, volumeSnapshots, metadata);
    const isGone = (all: readonly { metadata: { uid: string } }[]) =>
      all.every(({ metadata: { uid } }) => uid !== metadata.uid);
    await until(cluster, volumeSnapshots, { namespace }, isGone, 20_000).catch(async () => {
      await endSourceProtection(cluster, await cluster.get(volumeSnapshots, metadata.name, namespace));
    });
  }
}

async function remove(
  cluster: Cluster,
  kind: Resource,
  at: { name: string; namespace?: string | undefined },
): Promise<void> {
  await cluster.delete(kind, at).catch((error: unknown) => {
    if (!isStashError(error, 'not-found')) throw error;
  });
}

/**
 * `removeOperator` runs after the sessions are deleted, since the operator may have to release them, and
 * before their definitions are.
 */
async function removeAllBut(
  cluster: Cluster,
  before: ReadonlyMap<Resource, ReadonlySet<string>>,
  say: (line: string) => void,
  removeOperator: () => Promise<void>,
): Promise<void> {
  for (const kind of kinds) {
    const left = (await namesOf(cluster, kind)).filter((name) => before.get(kind)?.has(name) !== true);
    if (kind === namespaces) await Promise.all(left.map((name) => removeSnapshots(cluster, name)));
    for (const name of left) {
      if (kind !== customResourceDefinitions) say(`removing ${kind.kind.toLowerCase()}/${name}`);
      await remove(cluster, kind, { name });
    }
    const areGone = (all: readonly { metadata: { name: string } }[]) =>
      all.every(({ metadata }) => !left.includes(metadata.name));
    await until(cluster, kind, {}, areGone, patience);
    if (kind === namespaces) await removeOperator();
  }
}

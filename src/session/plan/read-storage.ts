/** Reads the volumes of claims, and the nodes, VolumeSnapshotContents and Secrets that their drivers need. */
import type {
  ClusterNode,
  Lease,
  PersistentVolume,
  PersistentVolumeClaim,
  Stored,
  VolumeSnapshot,
  VolumeSnapshotContent,
} from '#src/api/kubernetes.ts';
import {
  leases,
  nodes,
  persistentVolumes,
  secrets,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { sidecarLeaseName } from '#src/api/snapshot-controller.ts';
import { byName } from '#src/cluster/by-name.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { secretsOf } from '#src/domain/backup/class-secrets.ts';
import { mapRead, valueOf, type Facts, type Read } from '#src/domain/checks/check.ts';
import { claimsByDriver } from '#src/domain/checks/drivers.ts';
import { waitsForDriver } from '#src/domain/checks/snapshot-answers.ts';
import { trimBookkeeping } from '#src/domain/outline.ts';
import { leakedContents } from '#src/domain/restore-points/leaked-contents.ts';
import { isLabelValue } from '#src/domain/workload/names.ts';
import { localRequirements } from '#src/domain/workload/node-local.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';

import type { NamespaceReader } from './namespace-reader.ts';
import { listOrLacking, orLacking } from './or-lacking.ts';

/** Requests under way at the same time. */
const inFlight = 8;

/** For more volumes, one list of all volumes is cheaper than a request for each. */
const fewVolumes = 20;

export async function readVolumes(
  { cluster }: NamespaceReader,
  claims: readonly Stored<PersistentVolumeClaim>[],
): Promise<Facts['volumes']> {
  const names = new Set(claims.flatMap(({ spec }) => spec.volumeName || []));
  const found = new Map<string, Stored<PersistentVolume>>();
  const right = { verb: 'list', resource: persistentVolumes } as const;
  const read = async (scope: Scope) => {
    for (const volume of (await cluster.list(persistentVolumes, scope)).items) {
      const { name } = volume.metadata;
      if (names.has(name)) found.set(name, volume);
    }
  };
  return orLacking(right, undefined, async () => {
    if (names.size > fewVolumes) await read({});
    else await forEachBounded([...names], inFlight, (name) => read(byName({ name })));
    return found;
  });
}

/** A label selector has room for so many values. */
const mostPlaces = 100;

export async function readNodes(cluster: Cluster, volumes: Facts['volumes']): Promise<Facts['nodes']> {
  const places = new Map<string, Set<string>>();
  for (const volume of valueOf(volumes)?.values() ?? []) {
    for (const { key, values = [] } of localRequirements(volume)) {
      const known = places.get(key) ?? new Set();
      places.set(key, known);
      // The API server accepts any value in a node affinity, but not in a selector. No node has an invalid label.
      for (const value of values.filter(isLabelValue)) known.add(value);
    }
  }
  const found = new Map<string, Stored<ClusterNode>>();
  return orLacking({ verb: 'list', resource: nodes }, undefined, async () => {
    await forEachBounded([...places], inFlight, async ([key, values]) => {
      if (values.size === 0) return;
      const labelSelector =
        values.size > mostPlaces
          ? key
          : formatSelector({ matchExpressions: [{ key, operator: 'In', values: [...values] }] });
      for (const node of (await cluster.list(nodes, { labelSelector })).items)
        found.set(node.metadata.name, node);
    });
    return [...found.values()];
  });
}

/** A few contents say as much about a driver as many. */
const mostContents = 8;

export async function readContents(
  cluster: Cluster,
  snapshots: Read<readonly Stored<VolumeSnapshot>[]>,
  now: Date,
): Promise<Facts['contents']> {
  const waiting = (valueOf(snapshots) ?? []).filter((each) => waitsForDriver(each, now));
  const names = waiting.flatMap(({ status }) => status?.boundVolumeSnapshotContentName ?? []);
  const found = new Map<string, Stored<VolumeSnapshotContent>>();
  return orLacking({ verb: 'get', resource: volumeSnapshotContents }, undefined, async () => {
    await forEachBounded(names.slice(0, mostContents), inFlight, async (name) => {
      const content = await find(cluster, volumeSnapshotContents, { name });
      if (content) found.set(name, content);
    });
    return found;
  });
}

/** `uids` are those of all snapshots. */
export async function readLeakedContents(
  cluster: Cluster,
  uids: () => Promise<ReadonlySet<string>>,
  now: Date,
): Promise<NonNullable<Facts['leaked']>> {
  const snapshots = await orLacking({ verb: 'list', resource: volumeSnapshots }, undefined, uids);
  if (!('value' in snapshots)) return snapshots;
  return orLacking({ verb: 'list', resource: volumeSnapshotContents }, undefined, async () => {
    let found = leakedContents(snapshots.value, now);
    for await (const { items, isFirst } of cluster.pages(volumeSnapshotContents, { trim: trimBookkeeping })) {
      if (isFirst) found = leakedContents(snapshots.value, now);
      for (const content of items) found.add(content);
    }
    return found.end();
  });
}

/**
 * Lists the Leases of all namespaces: a sidecar has its Lease in the namespace of its pod, which the command does not
 * know.
 */
export async function readSidecarLeases(
  cluster: Cluster,
  facts: Pick<Facts, 'listed' | 'volumes'>,
  claims: readonly Stored<PersistentVolumeClaim>[],
): Promise<Facts['sidecarLeases']> {
  const found: Stored<Lease>[] = [];
  return orLacking({ verb: 'list', resource: leases }, undefined, async () => {
    await forEachBounded([...claimsByDriver(facts, claims).keys()], inFlight, async (driver) => {
      const { items } = await cluster.list(leases, byName({ name: sidecarLeaseName(driver) }));
      found.push(...items);
    });
    return found;
  });
}

/** Reads the Secrets of the snapshot classes of the claims' drivers. */
export async function readSecrets(
  cluster: Cluster,
  facts: Pick<Facts, 'listed' | 'volumes' | 'namespace'>,
  claims: readonly Stored<PersistentVolumeClaim>[],
): Promise<Facts['secrets']> {
  const used = claimsByDriver(facts, claims);
  const named = (valueOf(facts.listed(volumeSnapshotClasses)) ?? [])
    .filter(({ driver }) => used.has(driver))
    .flatMap((each) => secretsOf(each, facts.namespace));
  const found = new Map<string, Read<boolean>>();
  await forEachBounded(named, inFlight, async ({ namespace, name }) => {
    // The parameters of a class may hold any text.
    if (![namespace, name].every(isObjectName)) {
      found.set(`${namespace}/${name}`, { value: false });
      return;
    }
    const scope = { ...byName({ namespace, name }), metadataOnly: true };
    const read = await listOrLacking(cluster, secrets, scope);
    found.set(
      `${namespace}/${name}`,
      mapRead(read, (items) => items.length > 0),
    );
  });
  return found;
}

/** Creates a VolumeSnapshotContent for every VolumeSnapshot, and copies its status. */
import type { Stored, VolumeSnapshot, VolumeSnapshotContent } from '#src/api/kubernetes.ts';
import { apiVersionOf, volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';

import { timestamp } from '#src/sandbox/api-server/object.ts';
import { formatQuantity } from '#src/sandbox/quantity.ts';
import { Retry } from './reconciler.ts';
import { beingDeleted, contentProtection, isBoundTo } from './snapshot-contents.ts';
import { Refusal, snapshotInputs } from './snapshot-inputs.ts';
import { snapshotSources } from './snapshot-sources.ts';
import type { Controller, World } from './world.ts';
import { deleteSeen, ensure, patchSeen, setFinalizers, setStatus } from './writes.ts';

type Snapshot = Stored<VolumeSnapshot>;
type Content = Stored<VolumeSnapshotContent>;

const protections = [
  'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection',
  'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection',
];

export function snapshotController(world: World): Controller {
  const { snapshots, contents, cluster } = world;
  const { volumeOf, defaultClass, claimOf, inputOf } = snapshotInputs(world);
  const sources = snapshotSources(world);

  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const seen = snapshots.get(name, namespace);
    if (!seen) return;
    if (seen.metadata.deletionTimestamp !== undefined) {
      await release(seen);
      return;
    }
    try {
      const snapshot = await prepare(seen);
      if (snapshot.status?.readyToUse === true) await sources.release(snapshot, { isGoing: false });
      const content = await contentFor(snapshot);
      if (content) await copyStatus(snapshot, content);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await refuse(snapshots.get(name, namespace) ?? seen, error);
    }
  }

  async function refuse(snapshot: Snapshot, { reason, message }: Refusal): Promise<never> {
    if (snapshot.status?.error?.message !== message) {
      const failure = { message, time: timestamp(world.now()) };
      await setStatus(cluster, snapshots, snapshot, {
        ...snapshot.status,
        readyToUse: false,
        error: failure,
      });
      world.event(volumeSnapshots, snapshot, 'Warning', reason, message);
    }
    throw new Retry(message);
  }

  /** Resolves with the snapshot after adding finalizers and a class. */
  async function prepare(snapshot: Snapshot): Promise<Snapshot> {
    const { finalizers = [] } = snapshot.metadata;
    const missing = protections.filter((finalizer) => !finalizers.includes(finalizer));
    const { source, volumeSnapshotClassName } = snapshot.spec;
    const wantsClass =
      volumeSnapshotClassName === undefined && source.persistentVolumeClaimName !== undefined;
    const className = wantsClass && volumeOf(snapshot) ? defaultClass(snapshot) : undefined;
    if (missing.length === 0 && className === undefined) return snapshot;
    return patchSeen(cluster, snapshots, snapshot, {
      metadata: { finalizers: [...finalizers, ...missing] },
      ...(className !== undefined && { spec: { volumeSnapshotClassName: className } }),
    });
  }

  /** Resolves with the content, creating it if necessary; undefined once the snapshot is final. */
  async function contentFor(snapshot: Snapshot): Promise<Content | undefined> {
    const { boundVolumeSnapshotContentName: boundName, readyToUse } = snapshot.status ?? {};
    if (readyToUse === true && boundName !== undefined) {
      const bound = contents.get(boundName);
      if (!bound) throw new Refusal('SnapshotContentMissing', 'VolumeSnapshotContent is missing');
      if (isBoundTo(bound, snapshot)) return undefined;
      const message = 'VolumeSnapshotContent is not bound to the VolumeSnapshot correctly';
      throw new Refusal('SnapshotMisbound', message);
    }
    const { volumeSnapshotContentName } = snapshot.spec.source;
    if (volumeSnapshotContentName !== undefined) return adopt(snapshot, volumeSnapshotContentName);
    return contents.get(contentName(snapshot)) ?? (await createContent(snapshot));
  }

  /** Resolves with a pre-provisioned content that was created for this snapshot. */
  async function adopt(snapshot: Snapshot, name: string): Promise<Content> {
    const content = contents.get(name);
    if (!content) throw new Refusal('SnapshotContentMissing', 'VolumeSnapshotContent is missing');
    if (content.spec.source.snapshotHandle === undefined) {
      const message =
        'VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one';
      throw new Refusal('SnapshotContentMismatch', message);
    }
    const { namespace, name: wanted, uid } = content.spec.volumeSnapshotRef;
    const { metadata } = snapshot;
    if (
      wanted !== metadata.name ||
      namespace !== metadata.namespace ||
      (uid ?? metadata.uid) !== metadata.uid
    ) {
      throw new Refusal(
        'SnapshotContentMisbound',
        `VolumeSnapshotContent [${name}] is bound to a different snapshot`,
      );
    }
    if (uid !== undefined) return content;
    return patchSeen(cluster, contents, content, { spec: { volumeSnapshotRef: { uid: metadata.uid } } });
  }

  async function createContent(snapshot: Snapshot): Promise<Content> {
    const { name, namespace = '', uid } = snapshot.metadata;
    const claim = claimOf(snapshot);
    await sources.hold(claim);
    const { snapshotClass, volumeHandle, volumeMode } = inputOf(snapshot, claim);
    const content = await ensure(cluster, contents, {
      apiVersion: apiVersionOf(volumeSnapshotContents),
      kind: volumeSnapshotContents.kind,
      metadata: { name: contentName(snapshot), finalizers: [contentProtection] },
      spec: {
        driver: snapshotClass.driver,
        deletionPolicy: snapshotClass.deletionPolicy,
        source: { volumeHandle },
        ...(volumeMode !== undefined && { sourceVolumeMode: volumeMode }),
        volumeSnapshotClassName: snapshotClass.metadata.name,
        volumeSnapshotRef: {
          apiVersion: apiVersionOf(volumeSnapshots),
          kind: 'VolumeSnapshot',
          namespace,
          name,
          uid,
        },
      },
    });
    const message = `Waiting for a snapshot ${namespace}/${name} to be created by the CSI driver.`;
    world.event(volumeSnapshots, snapshot, 'Normal', 'CreatingSnapshot', message);
    return content;
  }

  async function copyStatus(snapshot: Snapshot, content: Content): Promise<void> {
    const { readyToUse = false, creationTime, restoreSize, error } = content.status ?? {};
    const { name, namespace = '' } = snapshot.metadata;
    const was = snapshot.status ?? {};
    await setStatus(cluster, snapshots, snapshot, {
      boundVolumeSnapshotContentName: content.metadata.name,
      ...(creationTime !== undefined && { creationTime: timestamp(new Date(creationTime / 1e6)) }),
      readyToUse,
      ...(restoreSize !== undefined && { restoreSize: formatQuantity(restoreSize) }),
      ...(error && { error }),
    });
    if (creationTime !== undefined && was.creationTime === undefined) {
      const message = `Snapshot ${namespace}/${name} was successfully created by the CSI driver.`;
      world.event(volumeSnapshots, snapshot, 'Normal', 'SnapshotCreated', message);
    }
    if (readyToUse) {
      const message = `Snapshot ${namespace}/${name} is ready to use.`;
      world.event(volumeSnapshots, snapshot, 'Normal', 'SnapshotReady', message);
    }
  }

  /** Keeps a deleted snapshot until no claim is being filled from it and its content is gone. */
  async function release(snapshot: Snapshot): Promise<void> {
    const { name, namespace, finalizers = [] } = snapshot.metadata;
    if (!finalizers.some((finalizer) => protections.includes(finalizer))) return;
    const filling = world.claims.list(namespace).some(({ spec, status, metadata }) => {
      const source = spec.dataSourceRef ?? spec.dataSource;
      const isSource = source?.kind === volumeSnapshots.kind && source.name === name;
      return isSource && status?.phase === 'Pending' && metadata.deletionTimestamp === undefined;
    });
    // A snapshot that never became ready cannot fill a claim: do not wait for it.
    if (filling && snapshot.status?.readyToUse === true) {
      const message = 'Snapshot is being used to restore a PVC';
      world.event(volumeSnapshots, snapshot, 'Warning', 'SnapshotDeletePending', message);
      return;
    }
    const content = contents.get(snapshot.status?.boundVolumeSnapshotContentName ?? contentName(snapshot));
    if (content && isBoundTo(content, snapshot)) {
      if (content.metadata.annotations?.[beingDeleted] === undefined) {
        await patchSeen(cluster, contents, content, { metadata: { annotations: { [beingDeleted]: 'yes' } } });
      }
      if (content.spec.deletionPolicy === 'Delete') {
        if (content.metadata.deletionTimestamp === undefined)
          await deleteSeen(cluster, volumeSnapshotContents, content);
        // Before the content is gone: a driver that may still cut the snapshot gives up only once the volume is gone.
        await sources.release(snapshot, { isGoing: true });
        return;
      }
    }
    await sources.release(snapshot, { isGoing: true });
    const others = finalizers.filter((finalizer) => !protections.includes(finalizer));
    await setFinalizers(cluster, snapshots, snapshot, others);
  }

  return {
    mirror: snapshots,
    reconcile,
    triggers(enqueue) {
      const unready = (namespace: string | undefined, wanted: (snapshot: Snapshot) => boolean): void => {
        for (const snapshot of snapshots.list(namespace)) {
          const { name, namespace: home } = snapshot.metadata;
          if (snapshot.status?.readyToUse !== true && wanted(snapshot)) enqueue(name, home);
        }
      };
      contents.onChange(({ spec: { volumeSnapshotRef } }) => {
        if (volumeSnapshotRef.name !== undefined)
          enqueue(volumeSnapshotRef.name, volumeSnapshotRef.namespace);
      });
      world.claims.onChange(({ metadata, spec }) => {
        unready(metadata.namespace, (it) => it.spec.source.persistentVolumeClaimName === metadata.name);
        const source = spec.dataSourceRef ?? spec.dataSource;
        if (source?.kind === volumeSnapshots.kind) enqueue(source.name, metadata.namespace);
      });
      world.snapshotClasses.onChange(() => {
        unready(undefined, () => true);
      });
    },
  };
}

function contentName({ metadata }: Snapshot): string {
  return `snapcontent-${metadata.uid}`;
}

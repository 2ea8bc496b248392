/** Cuts, reports and deletes the driver's snapshots for VolumeSnapshotContents. */
import type { Stored, VolumeSnapshot, VolumeSnapshotContent } from '#src/api/kubernetes.ts';
import { beingCreated } from '#src/api/snapshot-controller.ts';
import { secrets, volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';
import { driverName, rpcError } from '#src/sandbox/storage/driver.ts';
import { StorageError, type StorageErrorCode } from '#src/sandbox/storage/storage.ts';

import { hasReason, Retry } from './reconciler.ts';
import type { Controller, World } from './world.ts';
import { patchSeen, setFinalizers, setStatus } from './writes.ts';

type Content = Stored<VolumeSnapshotContent>;

export const contentProtection = 'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection';
export const beingDeleted = 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted';

function isBeingCreated({ metadata }: Content): boolean {
  return metadata.annotations?.[beingCreated] !== undefined;
}

/** Whether the driver has answered that it cuts no snapshot; after other errors it may still cut one. */
function isFinal(error: unknown): boolean {
  const open: readonly StorageErrorCode[] = ['DeadlineExceeded', 'Unavailable', 'ResourceExhausted'];
  return !(error instanceof StorageError) || !open.includes(error.code);
}

/** Returns true if the content refers to this very snapshot. */
export function isBoundTo(content: VolumeSnapshotContent, { metadata }: Stored<VolumeSnapshot>): boolean {
  const { name, namespace, uid } = content.spec.volumeSnapshotRef;
  return name === metadata.name && namespace === metadata.namespace && uid === metadata.uid;
}

export function contentController(world: World): Controller {
  const { contents, cluster } = world;

  async function reconcile(name: string): Promise<number | undefined> {
    const content = contents.get(name);
    if (!content || content.spec.driver !== driverName) return undefined;
    // As long as the driver may still cut the snapshot, the content stays, or the snapshot would be lost in the storage.
    if (content.metadata.deletionTimestamp !== undefined && !isBeingCreated(content)) {
      await release(content);
      return undefined;
    }
    const { finalizers = [] } = content.metadata;
    if (!finalizers.includes(contentProtection)) {
      await setFinalizers(cluster, contents, content, [...finalizers, contentProtection]);
      return undefined;
    }
    if (content.status?.readyToUse === true) {
      await unmark(content);
      return undefined;
    }
    const { volumeHandle, snapshotHandle } = content.spec.source;
    if (volumeHandle !== undefined) return cut(content, volumeHandle);
    if (snapshotHandle !== undefined) await look(content, snapshotHandle);
    return undefined;
  }

  async function cut(content: Content, volume: string): Promise<number | undefined> {
    const snapshotClass = world.snapshotClasses.get(content.spec.volumeSnapshotClassName ?? '');
    const name = content.metadata.name.replace(/^snapcontent-/, 'snapshot-');
    const parameters = snapshotClass?.parameters;
    const secret = await missingSecret(parameters, content);
    if (secret !== undefined) {
      return fail(
        content,
        `failed to get input parameters to create snapshot for content ${content.metadata.name}: ${JSON.stringify(secret)}`,
      );
    }
    const marked = await mark(content);
    try {
      const { readyIn, ...snapshot } = await world.driver.createSnapshot({ name, volume, parameters });
      await unmark(await report(marked, snapshot, readyIn === 0));
      return readyIn === 0 ? undefined : readyIn;
    } catch (error) {
      if ('reason' in (error as object)) throw error;
      return fail(
        isFinal(error) ? await unmark(marked) : marked,
        `failed to take snapshot of the volume ${volume}: ${JSON.stringify(rpcError(error))}`,
      );
    }
  }

  /** Says that the driver has been asked. */
  async function mark(content: Content): Promise<Content> {
    if (isBeingCreated(content)) return content;
    return patchSeen(cluster, contents, content, { metadata: { annotations: { [beingCreated]: 'yes' } } });
  }

  async function unmark(content: Content): Promise<Content> {
    if (!isBeingCreated(content)) return content;
    return patchSeen(cluster, contents, content, { metadata: { annotations: { [beingCreated]: null } } });
  }

  /** Why the secret that the class names cannot be handed to the driver, in the words of the csi-snapshotter. */
  async function missingSecret(
    parameters: Readonly<Record<string, string>> = {},
    { metadata, spec: { volumeSnapshotRef: snapshot } }: Content,
  ): Promise<string | undefined> {
    const [name, namespace] = ['name', 'namespace'].map((part) =>
      parameters[`csi.storage.k8s.io/snapshotter-secret-${part}`]
        ?.replaceAll('${volumesnapshotcontent.name}', metadata.name)
        .replaceAll('${volumesnapshot.namespace}', snapshot.namespace ?? '')
        .replaceAll('${volumesnapshot.name}', snapshot.name ?? ''),
    );
    if (name === undefined || namespace === undefined) return undefined;
    try {
      await cluster.get(secrets, name, namespace);
      return undefined;
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
      return `error getting secret ${name} in namespace ${namespace}: secrets "${name}" not found`;
    }
  }

  async function look(content: Content, handle: string): Promise<void> {
    try {
      await report(content, await world.driver.getSnapshot(handle), true);
    } catch (error) {
      if ('reason' in (error as object)) throw error;
      await fail(
        content,
        `failed to list snapshot for content ${content.metadata.name}: ${JSON.stringify(rpcError(error))}`,
      );
    }
  }

  async function report(
    content: Content,
    snapshot: { handle: string; cutAt: string; bytes: number },
    readyToUse: boolean,
  ): Promise<Content> {
    return setStatus(cluster, contents, contents.get(content.metadata.name) ?? content, {
      snapshotHandle: snapshot.handle,
      creationTime: Date.parse(snapshot.cutAt) * 1e6,
      restoreSize: snapshot.bytes,
      readyToUse,
    });
  }

  async function fail(content: Content, why: string): Promise<never> {
    const message = `Failed to check and update snapshot content: ${why}`;
    if (!world.signal.aborted && content.status?.error?.message !== message) {
      const error = { message, time: timestamp(world.now()) };
      await setStatus(cluster, contents, content, { ...content.status, readyToUse: false, error });
      world.event(volumeSnapshotContents, content, 'Warning', 'SnapshotContentCheckandUpdateFailed', message);
    }
    throw new Retry(message);
  }

  async function release(content: Content): Promise<void> {
    if (await isHeld(content)) return;
    const handle = content.status?.snapshotHandle ?? content.spec.source.snapshotHandle;
    if (content.spec.deletionPolicy === 'Delete' && handle !== undefined) {
      try {
        await world.driver.deleteSnapshot(handle);
      } catch (error) {
        const message = `Failed to delete snapshot: ${rpcError(error)}`;
        world.event(volumeSnapshotContents, content, 'Warning', 'SnapshotDeleteError', message);
        throw new Retry(message);
      }
    }
    const { finalizers = [] } = content.metadata;
    const others = finalizers.filter((finalizer) => finalizer !== contentProtection);
    await setFinalizers(cluster, contents, content, others);
  }

  /**
   * Returns true while the snapshot exists: a content is deleted after its snapshot, never before. Asks the
   * server itself, because data is deleted on the answer.
   */
  async function isHeld(content: Content): Promise<boolean> {
    const { name, namespace, uid } = content.spec.volumeSnapshotRef;
    if (uid === undefined || name === undefined || content.metadata.annotations?.[beingDeleted] !== undefined)
      return false;
    try {
      const { metadata } = await cluster.get(volumeSnapshots, name, namespace);
      return metadata.uid === uid && metadata.deletionTimestamp === undefined;
    } catch (error) {
      if (hasReason(error, 'NotFound')) return false;
      throw error;
    }
  }

  return {
    mirror: contents,
    reconcile,
    triggers(enqueue) {
      world.snapshots.onChange(({ metadata, status }) => {
        const name = status?.boundVolumeSnapshotContentName ?? `snapcontent-${metadata.uid}`;
        if (contents.get(name)?.metadata.deletionTimestamp !== undefined) enqueue(name, undefined);
      });
    },
  };
}

/** CSI's Controller service over the sandbox's storage, with the faults that the classes ask for. */
import type { Driver } from '#src/sandbox/storage/driver.ts';
import { StorageError, type Storage, type StoredSnapshot } from '#src/sandbox/storage/storage.ts';

import { toTimestamp } from './messages.ts';
import type {
  CreateSnapshotRequest,
  CreateVolumeRequest,
  ListSnapshotsRequest,
  Paging,
  Snapshot,
  Volume,
} from './messages.ts';

const leastBytes = 1 << 20;

export interface ControllerOptions {
  readonly storage: Storage;
  readonly driver: Driver;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

/** Every method may be repeated. They reject with a StorageError. */
export function controllerService({ storage, driver, now }: ControllerOptions) {
  /** When a snapshot that is not ready yet will be: Infinity for never. */
  const readyAt = new Map<string, number>();

  function toSnapshot({ handle, volume, bytes, cutAt }: StoredSnapshot): Snapshot {
    return {
      snapshotId: handle,
      sourceVolumeId: volume,
      sizeBytes: bytes,
      creationTime: toTimestamp(cutAt),
      readyToUse: (readyAt.get(handle) ?? 0) <= now(),
    };
  }

  return {
    async createVolume(request: CreateVolumeRequest): Promise<{ volume: Volume }> {
      const { name, capacityRange, volumeContentSource, parameters, accessibilityRequirements } = request;
      const isBlock = request.volumeCapabilities.some(({ block }) => block);
      if (volumeContentSource?.volume) {
        throw new StorageError('InvalidArgument', 'volumes are made from snapshots only, not from volumes');
      }
      const fromSnapshot = volumeContentSource?.snapshot?.snapshotId;
      const bytes = Math.max(leastBytes, capacityRange?.requiredBytes ?? 0);
      const stored = await driver.createVolume({ name, bytes, fromSnapshot, isBlock, parameters });
      const topology = accessibilityRequirements?.preferred[0] ?? accessibilityRequirements?.requisite[0];
      const contentSource = fromSnapshot !== undefined && { snapshot: { snapshotId: fromSnapshot } };
      return {
        volume: {
          volumeId: stored.handle,
          capacityBytes: stored.bytes,
          ...(contentSource && { contentSource }),
          ...(topology && { accessibleTopology: [topology] }),
        },
      };
    },

    async deleteVolume({ volumeId }: { volumeId: string }): Promise<object> {
      await driver.deleteVolume(volumeId);
      return {};
    },

    async createSnapshot(request: CreateSnapshotRequest): Promise<{ snapshot: Snapshot }> {
      const { name, sourceVolumeId: volume, parameters } = request;
      const stored = await driver.createSnapshot({ name, volume, parameters });
      readyAt.set(name, stored.readyIn === undefined ? Infinity : now() + stored.readyIn);
      return { snapshot: toSnapshot(stored) };
    },

    async deleteSnapshot({ snapshotId }: { snapshotId: string }): Promise<object> {
      await driver.deleteSnapshot(snapshotId);
      readyAt.delete(snapshotId);
      return {};
    },

    async listVolumes(paging: Paging): Promise<{ entries: { volume: Volume }[]; nextToken: string }> {
      const volumes = await storage.listVolumes();
      return page(
        volumes.map(({ handle, bytes }) => ({ volume: { volumeId: handle, capacityBytes: bytes } })),
        paging,
      );
    },

    async listSnapshots(
      request: ListSnapshotsRequest,
    ): Promise<{ entries: { snapshot: Snapshot }[]; nextToken: string }> {
      const { snapshotId, sourceVolumeId } = request;
      const wanted = (await storage.listSnapshots()).filter(
        ({ handle, volume }) =>
          (snapshotId === '' || handle === snapshotId) &&
          (sourceVolumeId === '' || volume === sourceVolumeId),
      );
      return page(
        wanted.map((stored) => ({ snapshot: toSnapshot(stored) })),
        request,
      );
    },

    controllerGetCapabilities(): Promise<object> {
      const types = ['CREATE_DELETE_VOLUME', 'CREATE_DELETE_SNAPSHOT', 'LIST_VOLUMES', 'LIST_SNAPSHOTS'];
      return Promise.resolve({ capabilities: types.map((type) => ({ rpc: { type } })) });
    },
  };
}

/** A token is the number of the first entry that is still to come. */
function page<T>(all: readonly T[], { maxEntries, startingToken }: Paging) {
  const start = startingToken === '' ? 0 : Number(startingToken);
  const end = maxEntries > 0 ? start + maxEntries : all.length;
  return { entries: all.slice(start, end), nextToken: end < all.length ? String(end) : '' };
}

/**
 * CSI's GroupController service: cuts several volumes at one instant, while all processes in pods are frozen.
 */
import type { Driver } from '#src/sandbox/storage/driver.ts';
import type { StoredSnapshot } from '#src/sandbox/storage/storage.ts';

import { toTimestamp } from './messages.ts';
import type { CreateVolumeGroupSnapshotRequest, Snapshot, VolumeGroupSnapshot } from './messages.ts';

export interface GroupOptions {
  readonly driver: Driver;
  /** Freezes all processes in pods. The returned function thaws them. */
  readonly freeze: () => () => void;
}

/**
 * All methods are idempotent, because snapshot names derive from the group's name, and reject with a
 * StorageError.
 */
export function groupService({ driver, freeze }: GroupOptions) {
  function toGroup(groupSnapshotId: string, cut: readonly StoredSnapshot[]): VolumeGroupSnapshot {
    const snapshots = cut.map((stored): Snapshot => ({
      snapshotId: stored.handle,
      sourceVolumeId: stored.volume,
      sizeBytes: stored.bytes,
      creationTime: toTimestamp(stored.cutAt),
      readyToUse: true,
      groupSnapshotId,
    }));
    const last =
      cut
        .map(({ cutAt }) => cutAt)
        .sort()
        .at(-1) ?? '';
    return { groupSnapshotId, snapshots, creationTime: toTimestamp(last), readyToUse: true };
  }

  return {
    async createVolumeGroupSnapshot(
      request: CreateVolumeGroupSnapshotRequest,
    ): Promise<{ groupSnapshot: VolumeGroupSnapshot }> {
      const { name, sourceVolumeIds } = request;
      const goOn = freeze();
      try {
        const cut = await Promise.all(
          sourceVolumeIds.map((volume) => driver.createSnapshot({ name: `${name}.${volume}`, volume })),
        );
        return { groupSnapshot: toGroup(name, cut) };
      } finally {
        goOn();
      }
    },

    async deleteVolumeGroupSnapshot({ snapshotIds }: { snapshotIds: readonly string[] }): Promise<object> {
      for (const handle of snapshotIds) await driver.deleteSnapshot(handle);
      return {};
    },

    async getVolumeGroupSnapshot(request: {
      groupSnapshotId: string;
      snapshotIds: readonly string[];
    }): Promise<{ groupSnapshot: VolumeGroupSnapshot }> {
      const cut = await Promise.all(request.snapshotIds.map((handle) => driver.getSnapshot(handle)));
      return { groupSnapshot: toGroup(request.groupSnapshotId, cut) };
    },

    groupControllerGetCapabilities: () =>
      Promise.resolve({ capabilities: [{ rpc: { type: 'CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT' } }] }),
  };
}

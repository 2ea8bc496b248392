/**
 * Reads the snapshots of all namespaces. Keeps only the UID of most good snapshots, so that a large cluster needs
 * little memory.
 */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import type { Cluster, ListResult } from '#src/cluster/port.ts';
import { trimBookkeeping } from '#src/domain/outline.ts';
import {
  newestSnapshots,
  type NewestSnapshots,
  type NewestSnapshotsOptions,
} from '#src/domain/restore-points/newest-snapshots.ts';

export interface NewestRead extends ListResult<VolumeSnapshot> {
  /** See {@link NewestSnapshots}. */
  readonly isWhole: ReturnType<NewestSnapshots['end']>['isWhole'];
  /** The UIDs of all snapshots. */
  readonly uids: ReadonlySet<string>;
}

/** For workloads without a good restore point so far, each further reading keeps this many times as many sessions. */
const growth = 8;

/**
 * Lists the snapshots once, and again only if no kept restore point of a workload is good. `sessions` are those that
 * still exist. Rejects as `list` does.
 */
export async function readNewestSnapshots(
  cluster: Pick<Cluster, 'pages'>,
  sessions: readonly Stored<BackupSession>[],
): Promise<NewestRead> {
  let open: ReadonlySet<string> = new Set();
  for (let depth = 1; ; depth *= growth) {
    const { open: left, ...read } = await readOnce(cluster, { sessions, depth, open });
    if (left === undefined) return read;
    open = left;
  }
}

async function readOnce(cluster: Pick<Cluster, 'pages'>, options: NewestSnapshotsOptions) {
  let reading = newestSnapshots(options);
  const uids = new Set<string>();
  let resourceVersion = '';
  for await (const page of cluster.pages(volumeSnapshots, { trim: trimBookkeeping })) {
    if (page.isFirst) reading = newestSnapshots(options);
    resourceVersion = page.resourceVersion;
    for (const snapshot of page.items) {
      uids.add(snapshot.metadata.uid);
      reading.add(snapshot);
    }
  }
  const { snapshots: items, ...end } = reading.end();
  return { ...end, items, uids, resourceVersion };
}

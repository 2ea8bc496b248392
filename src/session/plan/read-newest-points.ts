/** Reads the newest good restore points, with memory that does not grow with the number of snapshots. */
import type { BackupSession } from '#src/api/stash.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import { asListed } from '#src/domain/outline.ts';
import {
  newestPoints,
  type NewestPoints,
  type NewestPointsOptions,
  type Open,
} from '#src/domain/restore-points/newest-points.ts';

/** For workloads without a good restore point so far, each further reading keeps this many times as many sessions. */
const growth = 8;
const firstDepth = 2;
/**
 * After how many snapshots those that are kept are reduced to fewer fields. V8 soon frees objects that live this
 * briefly.
 */
const settleEvery = 64;

type Found = Omit<ReturnType<NewestPoints['end']>, 'open'>;

/**
 * Resolves with restore points by the keys that `keysOf` returns. Lists the snapshots once, and again only if no kept
 * restore point of a workload is good. `sessions` are those in the scope that still exist.
 */
export async function readNewestPoints(
  cluster: Pick<Cluster, 'pages'>,
  scope: Scope,
  asked: {
    readonly sessions: Iterable<Stored<BackupSession>>;
    readonly keysOf: NewestPointsOptions['keysOf'];
  },
): Promise<Found> {
  const sessions = new Map([...asked.sessions].map((session) => [session.metadata.uid, session]));
  let open: Open | undefined;
  for (let depth = firstDepth; ; depth *= growth) {
    const { open: left, ...found } = await readOnce(cluster, scope, { ...asked, sessions, depth, open });
    if (left === undefined) return found;
    open = left;
  }
}

async function readOnce(cluster: Pick<Cluster, 'pages'>, scope: Scope, options: NewestPointsOptions) {
  let reading = newestPoints(options);
  for await (const { items, isFirst } of cluster.pages(volumeSnapshots, {
    ...scope,
    trim: asListed,
  })) {
    if (isFirst) reading = newestPoints(options);
    let added = 0;
    for (const snapshot of items) {
      reading.add(snapshot);
      if (++added % settleEvery === 0) reading.settle();
    }
    reading.settle();
  }
  return reading.end();
}

/** Reads the newest good restore points; its memory does not grow with the number of snapshots. */
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

/** Each further reading of what is still open keeps this many times as many sessions. */
const growth = 8;
const firstDepth = 2;
/** How many snapshots are read before those of them that are kept shrink: V8 frees at once what lives that briefly. */
const settleEvery = 64;

type Found = Omit<ReturnType<NewestPoints['end']>, 'open'>;

/**
 * By what `keysOf` returns. Lists the snapshots once, and again only if all that were kept of a workload are not good.
 * `sessions`: those in the scope that still exist.
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

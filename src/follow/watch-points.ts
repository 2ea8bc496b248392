/** Follows the restore points of one namespace or of all namespaces, with watches of snapshots and sessions. */
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { backupSessions, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { tellOutages } from '#src/cluster/outage.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { isStashError } from '#src/errors.ts';

interface Environment {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once for each outage that lasts. */
  readonly tellLost: (why: string) => void;
}

/** An upper limit of the wait: only the watches have to wake the loop. */
const wakeAfterMs = 24 * 60 * 60 * 1000;

/**
 * Yields all restore points, newest first, and then changed restore points. When all snapshots of a restore point are
 * gone, yields the point once more, without them. Ends when `signal` aborts. Rejects if the user may not watch
 * snapshots.
 */
export async function* watchPoints(
  { cluster, clock, signal, tellLost }: Environment,
  namespace: string | undefined,
): AsyncGenerator<readonly RestorePoint[]> {
  using loop = createLoop(clock, signal);
  const follow = <T extends KubernetesObject>(resource: Resource<T>) =>
    collect(cluster, resource, { namespace, signal: loop.signal, ring: loop.ring });
  const outage = tellOutages();
  const snapshots = follow<VolumeSnapshot>(volumeSnapshots);
  const sessions = follow<BackupSession>(backupSessions);
  let known = new Map<string, { readonly point: RestorePoint; readonly state: string }>();
  while (!signal.aborted) {
    if (snapshots.failure) throw snapshots.failure;
    // As with `list`, the API server may not serve sessions, or the user may not read them.
    if (sessions.failure && !isStashError(sessions.failure, 'forbidden', 'not-found', 'precondition'))
      throw sessions.failure;
    if (snapshots.items && (sessions.items || sessions.failure)) {
      const points = restorePoints([...snapshots.items.values()], [...(sessions.items?.values() ?? [])]);
      const next = new Map(points.map((point) => [keyOf(point), { point, state: JSON.stringify(point) }]));
      const changed = [...next].filter(([key, { state }]) => known.get(key)?.state !== state);
      const gone = [...known]
        .filter(([key]) => !next.has(key))
        .map(([, { point }]) => withoutSnapshots(point));
      known = next;
      if (changed.length + gone.length > 0) yield [...changed.map(([, { point }]) => point), ...gone];
    }
    const { why, until = after(clock, wakeAfterMs) } = outage(snapshots.lost ?? sessions.lost, clock.now());
    if (why !== undefined) tellLost(why);
    await loop.wait(until).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

interface Collected<T extends KubernetesObject> {
  /** The objects by UID. Undefined before the first list. */
  items: Map<string, Stored<T>> | undefined;
  failure: Error | undefined;
  /** Why the watch has no connection. */
  lost: string | undefined;
}

function collect<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  options: {
    readonly namespace: string | undefined;
    readonly signal: AbortSignal;
    readonly ring: () => void;
  },
): Collected<T> {
  const { namespace, signal, ring } = options;
  const collected: Collected<T> = { items: undefined, failure: undefined, lost: undefined };
  const run = async () => {
    for await (const event of cluster.watch(resource, { namespace }, signal)) {
      collected.lost = event.type === 'lost' ? event.why : undefined;
      if (event.type === 'listed')
        collected.items = new Map(event.items.map((item) => [item.metadata.uid, item]));
      else if (event.type === 'changed') collected.items?.set(event.object.metadata.uid, event.object);
      else if (event.type === 'deleted') collected.items?.delete(event.object.metadata.uid);
      ring();
    }
  };
  run().catch((error: unknown) => {
    collected.failure = error instanceof Error ? error : new Error(String(error));
    ring();
  });
  return collected;
}

function keyOf({ namespace, session, sessionUid, target, claims }: RestorePoint): string {
  const own = sessionUid ?? claims.map(({ snapshot }) => snapshot?.metadata.uid).join();
  return [namespace, session, own, target?.kind, target?.name].join('/');
}

function withoutSnapshots(point: RestorePoint): RestorePoint {
  return {
    ...point,
    claims: point.claims.map(({ claim }) => ({ claim, state: 'missing' })),
    completeness: point.completeness === 'complete' ? 'incomplete' : point.completeness,
    phase: point.phase === 'Succeeded' || point.phase === 'Running' ? 'Incomplete' : point.phase,
  };
}

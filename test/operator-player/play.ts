/** The loop of a simulated operator: after each change it observes all objects of a namespace, and acts on them. */
import type {
  Condition,
  Job,
  KubernetesObject,
  PersistentVolumeClaim,
  Stored,
  VolumeSnapshot,
} from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  jobs,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { observe } from '#src/cluster/observe.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { isStashError } from '#src/errors.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly namespace: string;
}

/** By name. */
export interface Seen {
  readonly configurations: ReadonlyMap<string, Stored<BackupConfiguration>>;
  readonly sessions: ReadonlyMap<string, Stored<BackupSession>>;
  readonly restores: ReadonlyMap<string, Stored<RestoreSession>>;
  readonly snapshots: ReadonlyMap<string, Stored<VolumeSnapshot>>;
  readonly claims: ReadonlyMap<string, Stored<PersistentVolumeClaim>>;
  readonly jobs: ReadonlyMap<string, Stored<Job>>;
}

/** The parts of a simulated operator; each one is called after every change, and every second. */
export interface Part {
  configuration(configuration: Stored<BackupConfiguration>, seen: Seen): Promise<void>;
  session(session: Stored<BackupSession>, seen: Seen): Promise<void>;
  restore(session: Stored<RestoreSession>, seen: Seen): Promise<void>;
}

export interface Player {
  /** Stops at once, whatever it is doing. Rejects with an unexpected error. */
  stop(): Promise<void>;
}

const resyncMs = 1_000;

export function play({ cluster, clock, namespace }: Stage, part: Part): Player {
  const leaving = new AbortController();

  /** After a conflict, the next turn observes the object again. */
  const attempt = async (act: Promise<void>): Promise<void> => {
    try {
      await act;
    } catch (error) {
      if (!isStashError(error, 'conflict', 'not-found', 'already-exists', 'interrupted')) throw error;
    }
  };

  const live = async (): Promise<void> => {
    using loop = createLoop(clock, leaving.signal);
    const see = <T extends KubernetesObject>(resource: Resource<T>) =>
      observe(cluster, resource, { namespace }, loop.signal, loop.ring);
    const all = {
      configurations: see(backupConfigurations),
      sessions: see(backupSessions),
      restores: see(restoreSessions),
      snapshots: see(volumeSnapshots),
      claims: see(persistentVolumeClaims),
      jobs: see(jobs),
    };
    await loop.race(Promise.all(Object.values(all).map(({ synced }) => synced)));
    const seen: Seen = {
      configurations: all.configurations.items,
      sessions: all.sessions.items,
      restores: all.restores.items,
      snapshots: all.snapshots.items,
      claims: all.claims.items,
      jobs: all.jobs.items,
    };
    for (;;) {
      const acts = [
        ...[...seen.configurations.values()].map((each) => part.configuration(each, seen)),
        ...[...seen.sessions.values()].map((each) => part.session(each, seen)),
        ...[...seen.restores.values()].map((each) => part.restore(each, seen)),
      ];
      await loop.race(Promise.all(acts.map(attempt)));
      await loop.wait(new Date(clock.now().getTime() + resyncMs));
    }
  };

  const played = live().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  // stop() reports the error.
  played.catch(() => undefined);
  return {
    stop: () => {
      leaving.abort();
      return played;
    },
  };
}

export function condition(
  { clock }: Stage,
  type: string,
  status: Condition['status'],
  words: { readonly reason: string; readonly message?: string | undefined },
): object {
  return { type, status, ...words, lastTransitionTime: clock.now().toISOString() };
}

/** The API server's times have whole seconds. */
export function isOlderThan(
  object: Stored<KubernetesObject>,
  milliseconds: number,
  { clock }: Stage,
): boolean {
  return clock.now().getTime() - Date.parse(object.metadata.creationTimestamp) >= milliseconds;
}

/** Writes only on top of the observed resource version. */
export async function writeStatus<T extends KubernetesObject>(
  { cluster }: Stage,
  resource: Resource<T>,
  { metadata }: Stored<T>,
  status: object,
): Promise<void> {
  const { name, namespace, resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion }, status };
  await cluster.patch(resource, { name, namespace }, patch, { subresource: 'status' });
}

/**
 * Reads from the VolumeSnapshots, for the metrics, when the backups of each BackupConfiguration last succeeded and which
 * claims have a good restore point.
 */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import { configurationId, configurationIdOf } from '#src/domain/restore-points/configuration-id.ts';
import { claimKey } from '#src/domain/coverage/held-claim.ts';
import { claimOf } from '#src/domain/restore-points/snapshot-groups.ts';
import { readNewestPoints } from '#src/session/plan/read-newest-points.ts';

import { errorFields } from './log.ts';
import type { Log } from './world.ts';

type Name = Parameters<typeof configurationId>[0];

export interface SuccessReader {
  /** Reads the snapshots if the last read is old. Resolves after a while even if the API server does not answer. */
  readonly refresh: () => Promise<void>;
  /** When the last complete read began; undefined before it. */
  readonly readAt: () => Date | undefined;
  /** Unix seconds; undefined if no restore point is complete. */
  readonly lastSuccess: (configuration: Name) => number | undefined;
  /** Whether the claim had a good restore point at the last read. */
  readonly isCovered: (claim: { readonly namespace: string; readonly name: string }) => boolean;
  /** A session that began at `when` has succeeded: counts until the next read, which sees its snapshots. */
  readonly learn: (configuration: Name, when: Date) => void;
}

export interface SuccessReaderOptions {
  readonly cluster: Pick<Cluster, 'pages'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly sessions: () => Iterable<Stored<BackupSession>>;
  /** The claims that `isCovered` is asked of; left out: none. */
  readonly hasClaim?: ((namespace: string, name: string) => boolean) | undefined;
  /** Left out: all namespaces. */
  readonly namespaces?: readonly string[] | undefined;
}

/** A cluster may have a hundred thousand snapshots, and the operator watches none of them. */
const freshForMs = 5 * 60_000;
/** A scrape waits no longer than this. */
const patienceMs = 5_000;

export function createSuccessReader(options: SuccessReaderOptions): SuccessReader {
  const { clock, log } = options;
  let known: Known = { successes: new Map(), covered: new Set() };
  let learned = new Map<string, number>();
  /** The part of it that a running read may not see. */
  let meanwhile = learned;
  let readAt: Date | undefined;
  let reading: Promise<void> | undefined;

  const read = async () => {
    const began = clock.now();
    meanwhile = new Map();
    try {
      known = await readAll(options);
      learned = meanwhile;
      readAt = began;
    } catch (error) {
      log.warn('could not read the snapshots for the metrics', errorFields(error));
    }
  };
  return {
    async refresh() {
      if (readAt !== undefined && clock.now().getTime() - readAt.getTime() < freshForMs) return;
      reading ??= read().finally(() => (reading = undefined));
      await orUntil(clock, after(clock, patienceMs), reading);
    },
    readAt: () => readAt,
    lastSuccess(configuration) {
      const id = configurationId(configuration);
      const seconds = Math.max(known.successes.get(id) ?? 0, learned.get(id) ?? 0);
      return seconds === 0 ? undefined : seconds;
    },
    isCovered: ({ namespace, name }) => known.covered.has(claimKey(namespace, name)),
    learn(configuration, when) {
      const id = configurationId(configuration);
      for (const map of [learned, meanwhile]) map.set(id, Math.max(map.get(id) ?? 0, when.getTime() / 1000));
    },
  };
}

interface Known {
  /** By `configurationId`, in seconds since the epoch. */
  readonly successes: ReadonlyMap<string, number>;
  /** By `claimKey`. */
  readonly covered: ReadonlySet<string>;
}

async function readAll(options: SuccessReaderOptions): Promise<Known> {
  const { cluster, sessions, namespaces, hasClaim = () => false } = options;
  const successes = new Map<string, number>();
  const covered = new Set<string>();
  const claimOfSnapshot = (snapshot: Stored<VolumeSnapshot>): string[] => {
    const { namespace = '' } = snapshot.metadata;
    return hasClaim(namespace, claimOf(snapshot)) ? [claimKey(namespace, claimOf(snapshot))] : [];
  };
  for (const scope of namespaces?.map((namespace) => ({ namespace })) ?? [{}]) {
    const { points } = await readNewestPoints(
      cluster,
      { ...scope, labelSelector: label.invokerName },
      {
        sessions: sessions(),
        keysOf: (snapshot) => [
          ...[configurationIdOf(snapshot) ?? []].flat().map((id) => `${ofConfiguration}${id}`),
          ...claimOfSnapshot(snapshot),
        ],
      },
    );
    for (const [key, { takenAt }] of points) {
      if (key.startsWith(ofConfiguration))
        successes.set(key.slice(ofConfiguration.length), takenAt.getTime() / 1000);
      else covered.add(key);
    }
  }
  return { successes, covered };
}

/** No namespace contains a colon. */
const ofConfiguration = 'configuration:';

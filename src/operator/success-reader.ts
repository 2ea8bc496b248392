/** Reads from the VolumeSnapshots when the backups of each BackupConfiguration last succeeded, for the metrics. */
import type { Stored } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import { configurationId, lastSuccesses } from '#src/domain/restore-points/last-successes.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';

import { errorFields } from './log.ts';
import type { Log } from './world.ts';

type Name = Parameters<typeof configurationId>[0];

export interface SuccessReader {
  /** Reads the snapshots if the last read is old. Resolves after a while even if the API server does not answer. */
  readonly refresh: () => Promise<void>;
  /** When the last complete read began; undefined before it. */
  readonly readAt: () => Date | undefined;
  /** Unix seconds; undefined where no restore point is complete. */
  readonly lastSuccess: (configuration: Name) => number | undefined;
  /** A session that began at `when` has succeeded: counts until the next read, which sees its snapshots. */
  readonly learn: (configuration: Name, when: Date) => void;
}

export interface SuccessReaderOptions {
  readonly cluster: Pick<Cluster, 'list'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly sessions: () => Iterable<Stored<BackupSession>>;
  /** Left out: all namespaces. */
  readonly namespaces?: readonly string[] | undefined;
}

/** A cluster may have ten thousand snapshots, and the operator watches none of them. */
const freshForMs = 5 * 60_000;
/** A scrape waits no longer than this. */
const patienceMs = 5_000;

export function createSuccessReader(options: SuccessReaderOptions): SuccessReader {
  const { clock, log } = options;
  let known: ReadonlyMap<string, number> = new Map();
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
      const seconds = Math.max(known.get(id) ?? 0, learned.get(id) ?? 0);
      return seconds === 0 ? undefined : seconds;
    },
    learn(configuration, when) {
      const id = configurationId(configuration);
      for (const map of [learned, meanwhile]) map.set(id, Math.max(map.get(id) ?? 0, when.getTime() / 1000));
    },
  };
}

async function readAll({
  cluster,
  sessions,
  namespaces,
}: SuccessReaderOptions): Promise<Map<string, number>> {
  const scopes = namespaces?.map((namespace) => ({ namespace })) ?? [{}];
  const lists = await Promise.all(
    scopes.map((scope) => cluster.list(volumeSnapshots, { ...scope, labelSelector: label.invokerName })),
  );
  return lastSuccesses(
    restorePoints(
      lists.flatMap(({ items }) => items),
      [...sessions()],
    ),
  );
}

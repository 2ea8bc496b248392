/** A database under load while it is snapshotted. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { statefulSets } from '#src/api/resources.ts';
import type { Place } from '#test/e2e/place.ts';

import { configMaps, secrets } from '../kinds.ts';
import { scripts, type GuideDatabase } from './guide-objects.ts';

/** The committed transactions at some moment. */
export interface Mark {
  /** Output of `pg_current_snapshot()`: which transactions had ended. */
  readonly snapshot: string;
  /** How many rows they have added to the history. */
  readonly lines: number;
}

/**
 * Buffers much smaller than the data, as in most databases, so that pages are written continuously and a
 * checkpoint comes every few seconds.
 */
export const settings = ['shared_buffers=4MB', 'max_wal_size=64MB', 'min_wal_size=32MB'].flatMap(
  (setting) => ['-c', setting],
);

/** Resolves when pgbench runs on the database; it runs until the place is removed. */
export async function startDatabase(place: Place, { name, workload }: GuideDatabase): Promise<void> {
  const { template } = workload.spec;
  await place.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db' },
    stringData: { password: 'example' },
  } as KubernetesObject);
  await place.create(configMaps, scripts);
  await place.create(statefulSets, {
    ...workload,
    spec: {
      ...workload.spec,
      template: {
        ...template,
        spec: {
          ...template.spec,
          containers: template.spec.containers.map((container) => ({ ...container, args: settings })),
        },
      },
    },
  });
  await place.running(name);
  await place.sh(`${name}-0`, 'pgbench -i -q -s 3');
  await place.sh(`${name}-0`, 'pgbench -n -c 4 -j 2 -T 3600 > /tmp/load 2>&1 < /dev/null &');
}

export async function mark(place: Place, { name }: GuideDatabase): Promise<Mark> {
  const query = 'select count(*), pg_current_snapshot() from pgbench_history';
  const [lines = '', snapshot = ''] = (await place.sh(`${name}-0`, `psql -At -c "${query}"`)).split('|');
  return { lines: Number(lines), snapshot };
}

/** Resolves with an error of pgbench, or undefined if it runs without errors. */
export async function loadError(place: Place, { name }: GuideDatabase): Promise<string | undefined> {
  const told = await place.sh(
    `${name}-0`,
    'pidof pgbench > /dev/null || echo pgbench has ended; grep -E "error|FATAL|abort" /tmp/load || true',
  );
  return told === '' ? undefined : told;
}

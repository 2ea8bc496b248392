/** Writes random objects of the Stash kinds into a namespace, as its users may. */
import fc from 'fast-check';

import { stashCrds } from '#src/api/crds/index.ts';
import { annotation } from '#src/api/labels.ts';
import {
  apiVersionOf,
  backupConfigurations,
  backupSessions,
  restoreSessions,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { isStashError } from '#src/errors.ts';
import { admitted } from '#test/support/admitted.ts';

const past = '2020-01-01T00:00:00Z';

const likely = {
  apiGroup: ['stash.appscode.com', 'snapshot.storage.k8s.io'],
  dataSource: [{ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data' }],
  driver: ['VolumeSnapshotter'],
  executionPolicy: ['Always', 'OnSuccess'],
  kind: ['BackupConfiguration', 'Deployment', 'StatefulSet', 'PersistentVolumeClaim'],
  name: ['app', 'data', 'random-0', 'random-3', 'random-6', 'random-${POD_ORDINAL}'],
  namespace: [undefined],
  phase: ['Running', 'Pending', 'Failed', 'Succeeded', 'Ready'],
  prune: [true],
  sessionDeadline: [past],
  // None is due while a test runs.
  schedule: ['0 4 31 12 *', '* * 30 2 *', '61 * * * *'],
  timeOut: ['1s', '10m', '24h', '-1h'],
};

const resources = [backupConfigurations, backupSessions, restoreSessions] as readonly Resource[];

/** Three objects: one of each kind. */
const three = fc.tuple(
  ...resources.map(({ kind }) => {
    const definition = stashCrds.find(({ spec }) => spec.names.kind === kind);
    const schema = definition?.spec.versions[0]?.schema?.openAPIV3Schema;
    const { spec = {}, status = {} } = schema?.properties ?? {};
    return fc.record({
      spec: admitted(spec, likely),
      status: fc.option(admitted(status, likely), { nil: undefined }),
      annotations: fc.dictionary(
        fc.constantFrom(...Object.values(annotation)),
        fc.oneof(fc.constantFrom('', past, 'gone 1', '["data"]', '{}'), fc.string({ maxLength: 30 })),
        { maxKeys: 3 },
      ),
    });
  }),
);

/** Resolves with the number of objects that the API server has admitted, at least `count`. */
export async function createRandomObjects(
  cluster: Cluster,
  namespace: string,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<number> {
  let made = 0;
  for (const [round, rows] of fc.sample(three, { seed, numRuns: count }).entries()) {
    await forEachBounded([...rows.entries()], rows.length, async ([index, { status, ...row }]) => {
      const resource = resources[index];
      if (resource === undefined) return;
      const name = `random-${3 * round + index}`;
      const metadata = { name, namespace, annotations: row.annotations };
      const create = () =>
        cluster.create(resource, {
          ...{ apiVersion: apiVersionOf(resource), kind: resource.kind, metadata },
          ...{ spec: row.spec },
        });
      if (!(await isAdmitted(create))) return;
      made += 1;
      if (status === undefined) return;
      await isAdmitted(() =>
        cluster.patch(resource, { name, namespace }, { status }, { subresource: 'status' }),
      );
    });
    if (made >= count) break;
  }
  return made;
}

async function isAdmitted(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isStashError(error, 'invalid', 'not-found')) return false;
    if (error instanceof Error && 'reason' in error && ['Invalid', 'NotFound'].includes(String(error.reason)))
      return false;
    throw error;
  }
}

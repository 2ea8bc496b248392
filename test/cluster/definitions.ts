/** The kinds that are no part of Kubernetes itself. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { load } from 'js-yaml';

import { stashCrds } from '#src/api/crds/index.ts';
import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

import { until } from './until.ts';

/** The snapshot kinds as upstream publishes them, in `directory`, and ours; resolves when all are served. */
export async function define(cluster: Cluster, directory: string): Promise<void> {
  const files = (await readdir(directory)).filter((name) => name.startsWith('snapshot.storage.k8s.io_'));
  const snapshotCrds = await Promise.all(
    files.map(
      async (name) => load(await readFile(join(directory, name), 'utf8')) as CustomResourceDefinition,
    ),
  );
  const made = await Promise.all(
    [...snapshotCrds, ...stashCrds].map((definition) =>
      cluster.create(customResourceDefinitions, definition),
    ),
  );
  await Promise.all(
    made.map(({ metadata: { name } }) =>
      until(cluster, customResourceDefinitions, { name }, ({ status }) =>
        (status?.conditions ?? []).some(({ type, status }) => type === 'Established' && status === 'True'),
      ),
    ),
  );
}

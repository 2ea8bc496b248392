/** What lists that many namespaces share leave out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupConfigurations, persistentVolumeClaims } from '#src/api/resources.ts';
import { listOnce } from '#src/cluster/list-once.ts';

import { adapter } from './adapter.ts';
import { serve } from './serve.ts';

const namespace = 'demo';
const managedFields = [{ manager: 'kubectl-stash', operation: 'Update' }];

test('objects keep their managed fields where the caller reads them, and only there', async () => {
  const metadata = { name: 'data', namespace, uid: '1', resourceVersion: '2', managedFields };
  await using api = await serve(() => ({
    body: { metadata: { resourceVersion: '3' }, items: [{ metadata }] },
  }));
  const cluster = listOnce(adapter(api.url), [backupConfigurations]);
  const [configuration] = (await cluster.list(backupConfigurations, { namespace })).items;
  assert.deepEqual(configuration?.metadata.managedFields, managedFields);
  const [claim] = (await cluster.list(persistentVolumeClaims, { namespace })).items;
  assert.equal(claim?.metadata.name, 'data');
  assert.equal(claim.metadata.managedFields, undefined);
});

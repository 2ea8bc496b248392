import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resourceQuotas } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { idle, mergePatch, messageOf, refusalOf, unbound } from './requests.ts';

const api = await openApi();
const { namespace } = api;
const claims = api.at('v1', 'persistentvolumeclaims');
const deployments = api.at('apps/v1', 'deployments');
const ofClass = 'nobody-binds-it.storageclass.storage.k8s.io';

const claim = (name: string, storage = '1Gi') => ({
  metadata: { name },
  spec: unbound({ resources: { requests: { storage } } }),
});
async function untilUsed(quota: string, used: Record<string, string>): Promise<void> {
  const scope = { namespace, fieldSelector: `metadata.name=${quota}` };
  const wanted = Object.entries(used);
  await until(
    api.server.cluster,
    resourceQuotas,
    scope,
    ([it]) => wanted.every(([resource, amount]) => it?.status?.used?.[resource] === amount),
    patience,
  );
}

async function createQuota(name: string, hard: Record<string, string>): Promise<void> {
  const { code } = await api.send('POST', api.at('v1', 'resourcequotas'), {
    metadata: { name },
    spec: { hard },
  });
  assert.equal(code, 201);
  await untilUsed(name, Object.fromEntries(Object.keys(hard).map((resource) => [resource, '0'])));
}

test('a quota for claims counts them and their storage, and refuses what exceeds it', async () => {
  await createQuota('claims', {
    persistentvolumeclaims: '2',
    'requests.storage': '3Gi',
    [`${ofClass}/requests.storage`]: '5Gi',
  });
  assert.equal((await api.send('POST', claims, claim('first', '2Gi'))).code, 201);
  await untilUsed('claims', {
    persistentvolumeclaims: '1',
    'requests.storage': '2Gi',
    [`${ofClass}/requests.storage`]: '2Gi',
  });

  for (const query of ['', '?dryRun=All']) {
    const refused = await api.send('POST', `${claims}${query}`, claim('second', '2Gi'));
    const details = { name: 'second', kind: 'persistentvolumeclaims' };
    assert.deepEqual(refusalOf(refused), { code: 403, status: 'Failure', reason: 'Forbidden', ...details });
    assert.equal(
      messageOf(refused),
      'persistentvolumeclaims "second" is forbidden: exceeded quota: claims, requested: requests.storage=2Gi, ' +
        'used: requests.storage=2Gi, limited: requests.storage=3Gi',
    );
  }
  assert.equal((await api.send('POST', claims, claim('second'))).code, 201);
  await untilUsed('claims', { persistentvolumeclaims: '2', 'requests.storage': '3Gi' });
  const both = await api.send('POST', claims, claim('third'));
  assert.match(messageOf(both), /requested: persistentvolumeclaims=1,requests\.storage=1Gi, used: /);

  // Changes that need no more are admitted although nothing is left.
  const labelled = await api.send(
    'PATCH',
    `${claims}/first`,
    { metadata: { labels: { a: 'b' } } },
    mergePatch,
  );
  assert.equal(labelled.code, 200);
  assert.equal((await api.send('DELETE', `${claims}/second`)).code, 200);
  await untilUsed('claims', { persistentvolumeclaims: '1', 'requests.storage': '2Gi' });
});

// Of a custom kind, a real controller begins to count minutes after its definition was created.
test('a quota counts the objects of a kind with a group', async () => {
  const resource = 'count/deployments.apps';
  const deployment = (name: string) => ({ metadata: { name }, spec: idle() });
  await createQuota('deployments', { [resource]: '1' });
  assert.equal((await api.send('POST', deployments, deployment('one'))).code, 201);
  await untilUsed('deployments', { [resource]: '1' });
  const refused = await api.send('POST', deployments, deployment('two'));
  assert.equal(
    messageOf(refused),
    `deployments.apps "two" is forbidden: exceeded quota: deployments, requested: ${resource}=1, used: ${resource}=1, limited: ${resource}=1`,
  );
});

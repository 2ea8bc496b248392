import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { persistentVolumeClaims } from '#src/api/resources.ts';
import type { Answer } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { mergePatch, messageOf, metadataOf, refusalOf, unbound } from './requests.ts';

const api = await openApi();
const claims = api.at('v1', 'persistentvolumeclaims');
const ranges = api.at('v1', 'limitranges');

const sized = (storage: string) => unbound({ resources: { requests: { storage } } });
const create = (name: string, storage: string, query = '') =>
  api.send('POST', `${claims}${query}`, { metadata: { name }, spec: sized(storage) });
const label = (name: string) =>
  api.send('PATCH', `${claims}/${name}`, { metadata: { labels: { a: 'b' } } }, mergePatch);

async function setLimits(limits: { min?: string; max?: string }): Promise<void> {
  const storage = Object.entries(limits).map(([which, limit]) => [which, { storage: limit }]);
  const spec = {
    limits: [
      { type: 'Container', max: { memory: '1Mi' } },
      { type: 'PersistentVolumeClaim', ...Object.fromEntries(storage) },
    ],
  };
  await api.send('DELETE', `${ranges}/sizes`);
  assert.equal((await api.send('POST', ranges, { metadata: { name: 'sizes' }, spec })).code, 201);
}

/** A real API server enforces a LimitRange once its watch has delivered it. */
async function untilAnswered(code: number, send: () => Promise<Answer>): Promise<Answer> {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await send();
    if (answer.code === code) return answer;
    assert.ok(Date.now() < end, messageOf(answer));
  }
}

const dryRun = '?dryRun=All';
const refused = (name: string, storage: string) => untilAnswered(403, () => create(name, storage, dryRun));

before(async () => {
  assert.equal((await create('early', '4Gi')).code, 201);
  assert.equal((await create('leaving', '4Gi')).code, 201);
  const held = { metadata: { finalizers: ['example.com/wait'] } };
  assert.equal((await api.send('PATCH', `${claims}/leaving`, held, mergePatch)).code, 200);
  assert.equal((await api.send('DELETE', `${claims}/leaving`)).code, 200);
});

const words = (name: string, why: string) => `persistentvolumeclaims "${name}" is forbidden: ${why}`;

test('a LimitRange refuses a claim whose size is out of range, and admits its limits', async () => {
  await setLimits({ min: '1024Mi', max: '2Gi' });
  const small = await refused('small', '1023Mi');
  const details = { name: 'small', kind: 'persistentvolumeclaims' };
  assert.deepEqual(refusalOf(small), { code: 403, status: 'Failure', reason: 'Forbidden', ...details });
  assert.equal(
    messageOf(small),
    words('small', 'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1023Mi'),
  );
  const large = await create('large', '3G');
  assert.equal(large.code, 403);
  assert.equal(
    messageOf(large),
    words('large', 'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3G'),
  );
  assert.equal((await create('least', '1Gi')).code, 201);
  assert.equal((await create('most', '2048Mi')).code, 201);
});

test('a change of a claim out of range is refused, unless the claim is being deleted', async () => {
  await setLimits({ max: '2Gi' });
  const changed = await untilAnswered(403, () => label('early'));
  assert.equal(
    messageOf(changed),
    words('early', 'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 4Gi'),
  );
  assert.equal((await label('leaving')).code, 200);
  const status = { status: { phase: 'Pending' } };
  assert.equal((await api.send('PATCH', `${claims}/early/status`, status, mergePatch)).code, 200);
  const freed = await api.send('PATCH', `${claims}/leaving`, { metadata: { finalizers: null } }, mergePatch);
  assert.equal(freed.code, 200);
  const scope = { namespace: api.namespace, fieldSelector: 'metadata.name=leaving' };
  await until(api.server.cluster, persistentVolumeClaims, scope, ([left]) => left === undefined, patience);
  assert.equal((await api.send('DELETE', `${claims}/early`)).code, 200);
});

test('each of several LimitRanges counts', async () => {
  await setLimits({ max: '8Gi' });
  await refused('huge', '9Gi');
  const spec = { limits: [{ type: 'PersistentVolumeClaim', min: { storage: '500M' } }] };
  const made = await api.send('POST', ranges, { metadata: { name: 'more' }, spec });
  assert.equal(made.code, 201);
  assert.equal(metadataOf(made)['name'], 'more');
  assert.equal(
    messageOf(await refused('tiny', '1000k')),
    words('tiny', 'minimum storage usage per PersistentVolumeClaim is 500M, but request is 1M'),
  );
  assert.equal((await refused('huge', '9Gi')).code, 403);
  assert.equal((await create('fits', '4Gi', dryRun)).code, 201);
});

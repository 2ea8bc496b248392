/**
 * Takes twenty snapshots at once with the default client rate limits, which takes half a minute, during which
 * the output has to explain the delay.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deployments, volumeSnapshots } from '#src/api/resources.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace } from '#test/e2e/place.ts';

import { openStand } from './stand.ts';

const stand = await openStand('default');
const claims = Array.from({ length: 20 }, (_, index) => `data-${index}`);

test('a slow snapshot of 20 claims says what each claim waits for, and succeeds', async (t) => {
  const place = await openPlace(t, stand.server);
  await place.claims(...claims);
  const app = deployment('app', claims);
  await place.create(deployments, { ...app, spec: { ...app.spec, replicas: 0 } });
  const { exit, context } = stand.begin(place, 'snapshot deploy/app --executor=local');
  assert.equal(await exit, 0, context.stderr());
  assert.match(context.stdout(), /snapshotted: all 20 snapshots are ready/);
  for (const claim of claims) {
    assert.match(context.stderr(), new RegExp(`: ${claim}: Running \\(.*wait.*\\)`));
    assert.match(context.stderr(), new RegExp(`: ${claim}: Ready \\(1Gi\\)`));
  }
  assert.equal((await place.list(volumeSnapshots)).length, 20);
});

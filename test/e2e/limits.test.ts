/** Claims that a LimitRange does not admit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deployments, limitRanges, restoreSessions, volumeSnapshots } from '#src/api/resources.ts';

import { deployment } from './manifests.ts';
import { openPlace } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const admin = { identity: undefined };

test('a LimitRange that does not admit the claims refuses each command before its first write', async (t) => {
  const place = await openPlace(t, server);
  await place.claims('data');
  await place.create(deployments, deployment('demo', ['data']));
  await place.running('demo');
  await place.succeeds('snapshot deploy/demo');
  await place.succeeds('restore deploy/demo --in-place --yes', admin);
  const sessions = await place.list(restoreSessions);
  t.after(() => place.giveUpVolumes());
  const limits = [{ type: 'PersistentVolumeClaim', min: { storage: '2Gi' }, max: { storage: '4Gi' } }];
  await place.create(limitRanges, {
    ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'sizes' }, spec: { limits } },
  });

  const [snapshot] = await place.list(volumeSnapshots);
  const datasource = snapshot?.metadata.name ?? '';
  const create = (size: string) =>
    `create restoresession by-hand --claim.name=new --claim.size=${size} --claim.datasource=${datasource} --claim.storageclass=${server.storageClass}`;
  const tooSmall = (claim: string) => `claim ${claim} of 1Gi: it must be at least 2Gi`;
  for (const [command, why] of [
    ['restore deploy/demo --suffix=-2', tooSmall('data-2')],
    [create('1Gi'), tooSmall('new')],
    [create('5Gi'), 'claim new of 5Gi: it must be at most 4Gi'],
    ['restore deploy/demo --in-place --yes', tooSmall('data')],
    [`undo ${sessions[0]?.metadata.name ?? ''} --yes`, tooSmall('data')],
  ] as const) {
    const refused = await place.stash(command, admin);
    assert.equal(refused.code, 1, refused.stderr);
    assert.ok(
      refused.stderr.includes(
        `error: limitrange sizes does not admit ${why}\nhint: kubectl describe limitrange sizes -n ${place.namespace}\n`,
      ),
      refused.stderr,
    );
  }
  assert.deepEqual(
    (await place.list(restoreSessions)).map(({ metadata }) => metadata.uid),
    sessions.map(({ metadata }) => metadata.uid),
  );
  if (place.developer === undefined) return;
  const refused = await place.stash('restore deploy/demo --suffix=-2');
  assert.match(refused.stderr, /^error: limitrange sizes does not admit/m, 'a developer, too');
});

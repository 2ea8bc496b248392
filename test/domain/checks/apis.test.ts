import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Facts } from '#src/domain/checks/check.ts';
import { snapshotApi } from '#src/domain/checks/snapshot-api.ts';
import { stashApi } from '#src/domain/checks/stash-api.ts';

import { facts, ofNamespace } from './facts.ts';

test('the snapshot API, and each of its kinds', () => {
  const rows: [string[], string][] = [
    [
      ['volumesnapshots', 'volumesnapshotclasses', 'volumesnapshotcontents'],
      'ok: the server serves snapshot.storage.k8s.io/v1',
    ],
    [
      ['volumesnapshots'],
      'fail: the server does not serve volumesnapshotclasses, volumesnapshotcontents of snapshot.storage.k8s.io/v1',
    ],
    [
      [],
      'fail: the server does not serve volumesnapshots, volumesnapshotclasses, volumesnapshotcontents of snapshot.storage.k8s.io/v1',
    ],
  ];
  for (const [served, found] of rows) assert.deepEqual(ofNamespace(snapshotApi, { served }), [found]);
});

test('CRDs that serve only v1beta1', () => {
  const old = facts({ served: ['volumesnapshots'] });
  const served: Facts['served'] = ({ version }) => (version === 'v1beta1' ? ['volumesnapshots'] : []);
  const found = snapshotApi.find({ ...old, served });
  assert.deepEqual(
    found.map(({ level, message }) => [level, message]),
    [['fail', 'the server serves volumesnapshots as v1beta1 only, and not as v1']],
  );
  assert.match(found[0]?.hint ?? '', /^upgrade the CRDs/);
});

test("Stash's kinds", () => {
  const fix = '(fix: kubectl stash install --crds)';
  const rows: [string[], string][] = [
    [
      ['backupconfigurations', 'backupsessions', 'restoresessions'],
      'ok: the server serves stash.appscode.com/v1beta1',
    ],
    [
      ['backupconfigurations', 'backupsessions'],
      `fail: the server does not serve restoresessions of stash.appscode.com/v1beta1 ${fix}`,
    ],
    [
      ['backupsessions'],
      `fail: the server does not serve backupconfigurations, restoresessions of stash.appscode.com/v1beta1 ${fix}`,
    ],
  ];
  for (const [served, found] of rows) assert.deepEqual(ofNamespace(stashApi, { served }), [found]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { snapshotApi } from '#src/domain/checks/snapshot-api.ts';
import { stashApi } from '#src/domain/checks/stash-api.ts';

import { ofNamespace } from './facts.ts';

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

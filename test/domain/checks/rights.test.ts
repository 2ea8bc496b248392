import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import { lackedRights, rights } from '#src/domain/checks/rights.ts';
import type { Right } from '#src/domain/rights.ts';

import { ofNamespace } from './facts.ts';

const create: Right = { verb: 'create', resource: volumeSnapshots };
const patch: Right = { verb: 'patch', resource: backupSessions, subresource: 'status' };

test('for each command, the rights that are missing', () => {
  const missing = new Map([
    ['snapshot', [create, patch]],
    ['restore', []],
  ]);
  assert.deepEqual(ofNamespace(rights, { missing }), [
    'fail: user "jane" may not create volumesnapshots.snapshot.storage.k8s.io, patch backupsessions.stash.appscode.com/status in namespace demo, which snapshot needs',
    'ok: user "jane" has the rights that restore needs in namespace demo',
  ]);
});

test('the first of them is named apart', () => {
  assert.equal(lackedRights([create, patch], 'jane', 'demo')[0]?.right, create);
  assert.deepEqual(lackedRights([], 'jane', 'demo'), []);
});

/** `--keep-last` if our operator carries the session out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import { startSandboxServer } from '#test/e2e/server.ts';
import { ownId } from '#test/operator-player/own.ts';

import { executors, openScene } from './scene.ts';

const server = await startSandboxServer();

test('the command line applies its own policy, and leaves the session to the operator', async (t) => {
  const scene = await openScene(t, server, { own: {}, claims: ['data', 'logs'], hooksAndDeletions: true });
  const first = await scene.stash('snapshot deploy/demo');
  assert.equal(first.code, 0, first.stderr);
  const older = await scene.place.list(volumeSnapshots);
  const newestFirst = older
    .map(({ metadata: { name, creationTimestamp } }) => ({ name, at: creationTimestamp }))
    .sort((a, b) => b.at.localeCompare(a.at) || a.name.localeCompare(b.name))
    .map(({ name }) => name);
  const ran = await scene.stash('snapshot deploy/demo --keep-last 1');
  assert.equal(ran.code, 0, ran.stderr);
  const told = `keep-last-1: 2 snapshots stay, 2 deleted: ${newestFirst.join(', ')}`;
  assert.ok(ran.stderr.split('\n').includes(told), ran.stderr);
  assert.deepEqual(await executors(scene), [ownId, ownId]);
  // The history limit and the conditions are the operator's job, and this operator's player does neither.
  const sessions = await scene.place.list(backupSessions);
  assert.deepEqual(
    sessions.map(({ status }) => [status?.phase, status?.conditions ?? []]),
    [
      ['Succeeded', []],
      ['Succeeded', []],
    ],
  );
  await scene.place.until(volumeSnapshots, (all) => all.length === 2);
});

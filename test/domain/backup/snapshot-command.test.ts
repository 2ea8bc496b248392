import assert from 'node:assert/strict';
import { test } from 'node:test';

import { commandHooks } from '#src/domain/hooks/hooks.ts';
import { snapshotCommand } from '#src/domain/backup/snapshot-command.ts';

import { target } from '#test/domain/objects.ts';

test('builds the command that goes on with a session', () => {
  const plain = 'kubectl stash snapshot statefulset/db -n demo';
  const hooks = commandHooks({ pre: 'sync; true', post: "it's" }, 'db');
  assert.equal(snapshotCommand(target, {}), plain);
  assert.equal(snapshotCommand(target, { configuration: 'nightly' }), `${plain} --config nightly`);
  assert.equal(
    snapshotCommand(target, { configuration: 'nightly', hooks }),
    `${plain} --config nightly --pre 'sync; true' --post 'it'\\''s' --container db`,
  );
  assert.equal(
    snapshotCommand(target, { hooks: commandHooks({ post: '' }, undefined) }),
    `${plain} --post ''`,
  );
});

test('names the container of either hook, and only the hooks that there are', () => {
  const plain = 'kubectl stash snapshot statefulset/db -n demo';
  const rows: [given: Parameters<typeof commandHooks>, words: string][] = [
    [[{ pre: 'sync' }, 'db'], '--pre sync --container db'],
    [[{ post: 'sync' }, 'db'], '--post sync --container db'],
    [[{ pre: 'sync' }, undefined], '--pre sync'],
    [[{ pre: 'sync', post: 'thaw' }, undefined], '--pre sync --post thaw'],
  ];
  for (const [given, words] of rows) {
    assert.equal(snapshotCommand(target, { hooks: commandHooks(...given) }), `${plain} ${words}`);
  }
});

test('returns undefined for hooks that no command line gives, or that the output would change', () => {
  const none = [
    commandHooks({ pre: 'one\ntwo' }, undefined),
    commandHooks({ pre: 'echo \u001b[2J' }, undefined),
    { pre: { exec: { command: ['sync'] } } },
    { pre: { tcpSocket: { port: 1 } } },
    { pre: { exec: { command: ['/bin/sh', '-c', 'sync'] }, httpGet: { port: 1 } } },
    { post: { exec: { command: ['/bin/sh', '-c', 'sync'] }, executionPolicy: 'OnFailure' as const } },
    { pre: {} },
    {},
    {
      pre: { exec: { command: ['/bin/sh', '-c', 'sync'] }, containerName: 'a' },
      post: { exec: { command: ['/bin/sh', '-c', 'thaw'] }, containerName: 'b' },
    },
  ];
  for (const hooks of none) assert.equal(snapshotCommand(target, { hooks }), undefined);
});

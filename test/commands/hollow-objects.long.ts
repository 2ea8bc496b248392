/** Stash's definitions do not require a spec: an object without a spec must not break commands on other objects. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';

import { claim } from './objects.ts';
import { startWorld } from './world.ts';

const world = await startWorld();
after(() => world[Symbol.asyncDispose]());
const kinds = [backupConfigurations, backupSessions, restoreSessions] as const;
await world.create(
  claim('default', 'data'),
  ...kinds.map(
    (resource) =>
      [
        resource,
        {
          apiVersion: 'stash.appscode.com/v1beta1',
          kind: resource.kind,
          metadata: { name: 'hollow', namespace: 'default' },
        },
      ] as const,
  ),
);

const commands: readonly (readonly [words: string, code: number, error: RegExp | undefined])[] = [
  ['list', 0, undefined],
  ['doctor', 0, undefined],
  ['snapshot deploy/none', 3, /deployments.apps "none" not found/],
  ['pause --all --dry-run=client', 0, undefined],
  ['pause hollow', 1, /retentionPolicy/],
  ['resume hollow', 0, /never due/],
  ['trigger hollow', 1, /driver/],
  ['describe backupsession/hollow', 0, undefined],
  ['describe restoresession/hollow', 0, undefined],
  ['describe pvc/data', 0, undefined],
  ['describe hollow', 1, /2 sessions are named hollow/],
  ['delete backupsession/hollow --force --dry-run=client', 0, undefined],
  ['delete restoresession/hollow --force --dry-run=client', 0, undefined],
  ['operator create-backupsession --invoker-name hollow', 1, /driver/],
  ['operator restore-vs --restoresession hollow', 0, /has ended: Invalid/],
];

for (const [words, code, error] of commands) {
  test(words, async () => {
    const ran = await world.run(`${words} -n default`);
    assert.equal(ran.code, code, ran.err);
    if (error) assert.match(ran.err, error);
  });
}

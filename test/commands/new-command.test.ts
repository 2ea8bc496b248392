/** The command that CONTRIBUTING.md shows as an example of a new one works as it stands there. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { CommandEntry } from '#src/cli/command.ts';

import { claim, deployment, namespace } from './objects.ts';
import { startWorld, type World } from './world.ts';

const entry: CommandEntry = {
  name: 'fresh',
  summary: 'Check how old the newest restore point is',
  load: async () => (await import('./new-command.ts')).command,
};

let world: World;
before(async () => {
  world = await startWorld();
  world.standAt(0);
  await world.create(namespace('demo'), claim('demo', 'data'), deployment('demo', 'web', ['data']));
  await world.bound('demo', 'data');
});
after(() => world[Symbol.asyncDispose]());

const fresh = (words: string) => world.run(`fresh ${words}`, { further: [entry] });

test('CONTRIBUTING.md shows the file', async () => {
  const [page, file] = await Promise.all([
    readFile(join(import.meta.dirname, '../../CONTRIBUTING.md'), 'utf8'),
    readFile(join(import.meta.dirname, 'new-command.ts'), 'utf8'),
  ]);
  assert.ok(page.includes(`\`\`\`ts\n${file}\`\`\``));
});

test('it fails with a hint that helps, and passes then', async () => {
  assert.deepEqual(await fresh('deploy/web'), {
    ...{ code: 1, out: '' },
    err: 'error: deployment/web has no complete restore point\nhint: kubectl stash snapshot deployment/web -n demo\n',
  });
  const taken = await world.run('snapshot deployment/web -n demo --executor=local');
  assert.equal(taken.code, 0, taken.err);
  world.standAt(7200);
  assert.deepEqual(await fresh('deploy/web'), {
    ...{ code: 0, err: '' },
    out: 'deployment/web was cut 120m ago\n',
  });
  const tooOld = await fresh('deploy/web --within 1h');
  assert.equal(tooOld.code, 1);
  assert.match(tooOld.err, /^error: deployment\/web was last cut 120m ago\n/);
});

test('its help, its errors and its completion are there without another line', async () => {
  const { out } = await fresh('--help');
  assert.match(
    out,
    /Before a migration[^]*--within=DURATION +How old the restore point may be\. Default: 24h/,
  );
  assert.equal((await fresh('')).code, 2);
  assert.match((await fresh('deploy/web --withn 1h')).err, /--within/);
  assert.match((await world.run('__complete fresh deploy/', { further: [entry] })).out, /web/);
});

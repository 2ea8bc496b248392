/** What a recording says when it cannot be made. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { missingKubectl } from '#test/e2e/kubectl.ts';

import { record } from './record.ts';
import type { Scene } from './scenes.ts';
import { missingTerminal } from './typist.ts';

function sceneOf(command: string, isSeen: boolean): Scene {
  return { name: 'test', title: 'A test', page: 'README.md', steps: [{ command, isSeen }] };
}

suite('a recording', { skip: missingTerminal() || missingKubectl() }, () => {
  test('has what the terminal received, and ends at a prompt', async () => {
    const { output, columns, title } = await record(sceneOf('stty size; echo "$((20 + 3))"', true));
    const received = output.map(({ data }) => data).join('');
    assert.match(received, /\r50 100\r\n23\r\n/);
    assert.match(received, /23\r\n[^\r\n]*\$[^\r\n]*$/);
    assert.deepEqual([columns, title], [100, 'A test']);
  });

  for (const isSeen of [true, false]) {
    test(`fails with a command that fails ${isSeen ? 'on the terminal' : 'unseen'}, and says what it printed`, async () => {
      await assert.rejects(
        record(sceneOf('echo about "$((20 + 3))"; exit 7 | exit 7', isSeen)),
        (error: Error) => {
          assert.match(error.message, /exit 7/);
          assert.match(error.message, /^about 23\r?$/m);
          return true;
        },
      );
    });
  }

  test('fails if the shell ends', async () => {
    await assert.rejects(
      record(sceneOf('exit 0', true)),
      /the terminal has closed while it waited for exit 0/,
    );
  });

  test('ends when it is interrupted, also while a command runs', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'stash-interrupted-'));
    t.after(() => rm(directory, { recursive: true }));
    const interrupted = new AbortController();
    const watcher = watch(directory);
    const begun = once(watcher, 'change');
    const scene = sceneOf(`touch ${join(directory, 'begun')}; sleep 600`, true);
    const failed = assert.rejects(
      record(scene, interrupted.signal),
      /stopped waiting for touch .*; sleep 600/,
    );
    await begun;
    watcher.close();
    interrupted.abort();
    await failed;
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { familiarWords } from '#src/cli/familiar-words.ts';
import { findCommand } from '#src/cli/find-command.ts';
import { run } from '#src/cli/run.ts';
import { commands } from '#src/commands/index.ts';
import { testContext } from '#test/support/context.ts';

for (const [word, hint] of familiarWords) {
  test(`${word}: the hint names commands that exist`, async () => {
    const context = testContext();
    assert.equal(await run([word, 'deploy/foo'], context, commands), 2);
    const [error = '', ...lines] = context
      .stderr()
      .split('\n')
      .filter((line) => line !== '');
    assert.equal(error, `error: unknown command "${word}"`);
    assert.deepEqual(
      lines.map((line) => line.replace(/^(hint:| {5}) /, '')),
      hint,
    );
    for (const line of hint.filter((each) => each.startsWith('kubectl stash '))) {
      const [, , first = '', ...rest] = line.split(' ');
      assert.equal((await findCommand(first, rest, commands)).kind, 'command', line);
    }
  });
}

test('a word that is a command has no other meaning', () => {
  const known = new Set(commands.map(({ name }) => name));
  assert.deepEqual(
    [...familiarWords.keys()].filter((word) => known.has(word)),
    [],
  );
});

test('--version prints the version of this program', async () => {
  const asked = testContext();
  assert.equal(await run(['--version'], asked, commands), 0);
  const long = testContext();
  await run(['version', '--client'], long, commands);
  assert.equal(asked.stdout(), long.stdout());
});

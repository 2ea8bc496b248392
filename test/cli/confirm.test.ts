import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

import { confirm } from '#src/cli/confirm.ts';
import { isStashError } from '#src/errors.ts';
import { testContext } from '#test/support/context.ts';

for (const [stdin, yes] of [
  ['y\n', true],
  ['YES\nand more', true],
  [' yes', true],
  ['\n', false],
  ['yep\n', false],
  ['', false],
] as const) {
  test(`the answer ${JSON.stringify(stdin)}`, async () => {
    const asked = confirm(testContext({ isTTY: true, stdin }), ['Delete it?'], false);
    if (yes) await asked;
    else await assert.rejects(asked, (error) => isStashError(error, 'precondition'));
  });
}

test('--yes does not ask; without a terminal, a missing --yes is a usage error', async () => {
  const context = testContext();
  await confirm(context, ['Delete it?'], true);
  assert.equal(context.stderr(), '');
  await assert.rejects(confirm(context, ['Delete it?'], false), (error) => isStashError(error, 'usage'));
});

test('Ctrl-C ends the question', async () => {
  const stop = new AbortController();
  const input = new PassThrough();
  const context = { ...testContext({ isTTY: true, signal: stop.signal }), in: input };
  const asked = confirm(context, ['Delete it?'], false);
  stop.abort();
  await assert.rejects(asked, (error) => isStashError(error, 'interrupted'));
  assert.ok(input.destroyed);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { convert } from '#src/cli/convert.ts';
import { keepFlags, retentionPolicyOf } from '#src/cli/keep-flags.ts';
import { parse } from '#src/cli/parse.ts';
import { StashError } from '#src/errors.ts';

async function policyOf(words: string) {
  const { given } = await parse(words === '' ? [] : words.split(' '), keepFlags);
  return retentionPolicyOf(convert(given, keepFlags));
}

test('no flag is no policy', async () => {
  assert.equal(await policyOf(''), undefined);
});

test('a policy is named after its flags, and prunes', async () => {
  assert.deepEqual(await policyOf('--keep-last 5'), { name: 'keep-last-5', prune: true, keepLast: 5 });
  assert.deepEqual(await policyOf('--keep-yearly=1 --keep-daily=7 --keep-last=3'), {
    name: 'keep-last-3-keep-daily-7-keep-yearly-1',
    prune: true,
    keepLast: 3,
    keepDaily: 7,
    keepYearly: 1,
  });
  assert.deepEqual(await policyOf('--keep-hourly 24 --keep-weekly 4 --keep-monthly 12'), {
    name: 'keep-hourly-24-keep-weekly-4-keep-monthly-12',
    prune: true,
    keepHourly: 24,
    keepWeekly: 4,
    keepMonthly: 12,
  });
});

for (const words of ['--keep-last 0', '--keep-daily -1', '--keep-weekly 1.5', '--keep-yearly all']) {
  test(`${words} is refused: it could be read as keeping nothing`, async () => {
    await assert.rejects(
      policyOf(words),
      (error) =>
        error instanceof StashError &&
        error.kind === 'usage' &&
        error.message.includes(words.split(' ')[0] ?? ''),
    );
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { convert } from '#src/cli/convert.ts';
import { parse } from '#src/cli/parse.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { writeFlags } from '#src/cli/write-flags.ts';

const flags = {
  only: { type: 'string[]', commas: true, description: '' },
  suffix: { type: 'string', description: '' },
  claim: { type: 'string[]', description: '' },
  storageClass: { type: 'string', description: '' },
} as const;

test('flags that have a value are written, in the order of their declaration', () => {
  const values = { claim: ['a=b', 'c=d'], only: ['a', 'c'], storageClass: 'fast', suffix: undefined };
  assert.equal(
    commandLine`restore ${writeFlags(flags, values)}`,
    'restore --only a,c --claim a=b --claim c=d --storage-class fast',
  );
  assert.deepEqual(writeFlags(flags, { only: [], claim: [] }), []);
});

test('written flags parse to the same values', async () => {
  const name = fc.stringMatching(/^[a-z0-9.-]+$/);
  const values = fc.record(
    {
      only: fc.array(name),
      suffix: fc.option(fc.string(), { nil: undefined }),
      // No command line can have an empty one.
      claim: fc.array(fc.string().filter((text) => text.trim() !== '')),
      storageClass: fc.option(name, { nil: undefined }),
    },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(values, async (given) => {
      const { given: read } = await parse(
        writeFlags(flags, given).flatMap(({ flag, value = '' }) => [flag, value]),
        flags,
      );
      assert.deepEqual(convert(read, flags), given);
    }),
  );
});

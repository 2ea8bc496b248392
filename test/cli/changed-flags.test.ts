/** Which flags a message names when they do not go together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changedFlags } from '#src/cli/changed-flags.ts';
import type { Flags } from '#src/cli/command.ts';

const description = 'A flag.';
const flags = {
  from: { type: 'string', default: 'latest', description },
  selector: { type: 'string', alias: 'l', description },
  all: { type: 'boolean', description },
  wait: { type: 'boolean', default: true, description },
  keepLast: { type: 'number', description },
  stopTimeout: { type: 'duration', default: '5m', description },
  only: { type: 'string[]', description },
} as const satisfies Flags;

const unchanged = {
  ...{ from: 'latest', selector: undefined, all: false, wait: true, keepLast: undefined },
  ...{ stopTimeout: 300_000, only: [] as string[] },
};

const rows: readonly (readonly [given: Partial<Record<keyof typeof flags, unknown>>, expected: string[]])[] =
  [
    [{}, []],
    [{ from: '-2' }, ['--from']],
    [{ selector: 'app=db' }, ['-l']],
    [{ selector: '' }, ['-l']],
    [{ all: true }, ['--all']],
    [{ wait: false }, ['--wait=false']],
    [{ keepLast: 0 }, ['--keep-last']],
    [{ stopTimeout: 60_000 }, ['--stop-timeout']],
    [{ only: ['a'], from: '3h' }, ['--from', '--only']],
  ];

for (const [given, expected] of rows)
  test(`${JSON.stringify(given)}: ${expected.join(', ') || 'none'}`, () => {
    assert.deepEqual(changedFlags(flags, { ...unchanged, ...given }), expected);
  });

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { flag } from '#src/domain/command-line.ts';
import { formatFlags, readFlags } from '#src/domain/restore/restore-flags.ts';
import { restoreSession } from '#test/domain/objects.ts';

function sessionWith(flags: string | undefined) {
  const session = restoreSession();
  if (flags !== undefined) session.metadata.annotations = { [annotation.restoreFlags]: flags };
  return session;
}

test('a session keeps the flags of its command', () => {
  const flags = [
    flag('--only', 'a,b'),
    flag('--suffix', ''),
    flag('--claim', 'a=c'),
    flag('--claim', 'b=d'),
    flag('--storage-class', 'fast'),
    flag('--strip-label', 'team.example.com/'),
  ];
  assert.deepEqual(readFlags(sessionWith(formatFlags(flags))), flags);
});

test('flags that could change what a pasted command does, and malformed ones, are left out', () => {
  const good = ['--only', 'a'];
  const rows: [written: string | undefined, read: object[]][] = [
    [undefined, []],
    ['', []],
    ['{', []],
    ['{}', []],
    ['null', []],
    [JSON.stringify([['--server', 'https://example.com'], good]), [flag('--only', 'a')]],
    [JSON.stringify([null, 'x', {}, [], ['--only'], ['--only', 1], [1, 'a'], good]), [flag('--only', 'a')]],
    [JSON.stringify(good), []],
  ];
  for (const [written, read] of rows) assert.deepEqual(readFlags(sessionWith(written)), read);
});

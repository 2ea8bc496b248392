import assert from 'node:assert/strict';
import { test } from 'node:test';

import { overviewHelp } from '#src/cli/help.ts';
import { commands } from '#src/commands/index.ts';

test('the overview fits on a terminal, with one row for commands of the same first word', () => {
  const lines = overviewHelp(commands).split('\n');
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  );
  const rows = lines.filter((line) => /^ {2}create\b/.test(line));
  assert.equal(rows.length, 1);
  assert.match(rows[0] ?? '', /^ {2}create +Create a backup configuration or a restore session$/);
  assert.equal(
    lines.some((line) => /^ {2}operator\b/.test(line)),
    false,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openDisplay } from '#src/cli/display.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { testContext, type TestContextOptions } from '#test/support/context.ts';

const start = new Date('2026-03-14T03:00:00Z');
const progress: Progress = {
  kind: backup.words,
  session: 'deploy-foo-1773457200',
  target: { kind: 'Deployment', name: 'foo', namespace: 'demo' },
  namespace: 'demo',
  statusPhase: 'Running',
  claims: [
    { claim: 'data', phase: 'Running', message: 'waiting for the snapshot controller', startedAt: start },
  ],
  startedAt: start,
  deadline: new Date(start.getTime() + 600_000),
  notes: [],
};

async function shown(options: TestContextOptions): Promise<string> {
  const context = testContext(options);
  const display = await openDisplay(context);
  display.show(progress);
  display.say('note: something');
  display.close();
  return context.stderr();
}

const escape = '\u001b';
const rows: [what: string, TestContextOptions, isTable: boolean][] = [
  ['a terminal', { isTTY: true, env: { TERM: 'xterm' } }, true],
  ['a terminal without a size', { isTTY: true, columns: 0, rows: 0, env: { TERM: 'xterm' } }, false],
  ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false],
  ['a file', { isTTY: false }, false],
];
for (const [what, options, isTable] of rows) {
  test(`${what} shows ${isTable ? 'a table that is redrawn' : 'a line for each change'}`, async () => {
    const text = await shown(options);
    assert.equal(text.includes(escape), isTable);
    assert.match(text, /waiting for the snapshot controller/);
    if (!isTable) assert.equal(text, await shown({ isTTY: false }));
  });
}

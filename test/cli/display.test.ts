import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openDisplay, shareSay, type ProgressMode } from '#src/cli/display.ts';
import { run } from '#src/cli/run.ts';
import { commands } from '#src/commands/index.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { StashError } from '#src/errors.ts';
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

async function shown(options: TestContextOptions, mode: ProgressMode): Promise<string> {
  const context = testContext(options);
  const display = await openDisplay(context, mode);
  display.show(progress);
  display.say('note: something');
  display.close();
  return context.stderr();
}

const escape = '\u001b';
const rows: [what: string, TestContextOptions, whyNotLive?: RegExp][] = [
  ['a terminal', { isTTY: true, env: { TERM: 'xterm' } }],
  ['a terminal without a size', { isTTY: true, columns: 0, rows: 0, env: { TERM: 'xterm' } }, /no size$/],
  ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, /TERM is dumb$/],
  ['a file', { isTTY: false }, /stderr is not a terminal$/],
];
for (const [what, options, whyNotLive] of rows) {
  const isTable = whyNotLive === undefined;
  test(`${what} shows ${isTable ? 'a table that is redrawn' : 'a line for each change'}`, async () => {
    const text = await shown(options, 'auto');
    assert.equal(text.includes(escape), isTable);
    assert.match(text, /waiting for the snapshot controller/);
    const plain = await shown({ isTTY: false }, 'auto');
    if (!isTable) assert.equal(text, plain);
    assert.equal(await shown(options, 'plain'), plain);
    if (isTable) assert.equal(await shown(options, 'live'), text);
  });

  test(`${what} ${isTable ? 'has a colour for the phase, unless NO_COLOR is set' : 'has no colour'}`, async () => {
    const yellow = '\u001b[33mRunning\u001b[39m';
    assert.equal((await shown(options, 'auto')).includes(yellow), isTable);
    const env = { ...options.env, NO_COLOR: '1' };
    assert.equal((await shown({ ...options, env }, 'auto')).includes(yellow), false);
  });

  test(`${what} gets a line only once that several sessions say`, async () => {
    const context = testContext(options);
    const display = await openDisplay(context, 'auto');
    const sayOfSession = shareSay(display.say);
    const [first, second] = [sayOfSession(), sayOfSession()];
    first('no operator');
    second('no operator');
    second('going on');
    display.close();
    const said = context.stderr().match(/no operator|going on/g);
    assert.deepEqual(said, ['no operator', 'going on']);
  });

  test(`${what} gets a line each time that the same session says it, or the connection`, async () => {
    const context = testContext(options);
    const display = await openDisplay(context, 'auto');
    const say = shareSay(display.say)();
    for (const each of [say, display.say]) {
      each('the server does not answer');
      each('the server does not answer');
    }
    display.close();
    assert.equal(context.stderr().match(/the server does not answer/g)?.length, 4);
  });

  test(`${what}: --progress=live is ${isTable ? 'taken' : 'refused before anything is sent'}`, async () => {
    for (const words of ['snapshot deploy/foo', 'restore deploy/foo', 'trigger foo', 'wait foo']) {
      for (const mode of ['live', 'plain', 'auto']) {
        const context = testContext({
          ...options,
          cluster: () => Promise.reject(new StashError('unreachable', 'no server')),
        });
        const code = await run([...words.split(' '), '--progress', mode], context, commands);
        if (mode !== 'live' || isTable) {
          assert.equal(context.stderr(), 'error: no server\n');
        } else {
          assert.equal(code, 2);
          const [error = '', hint] = context.stderr().split('\n');
          assert.match(error, whyNotLive);
          assert.equal(hint, 'hint: use --progress=plain');
        }
      }
    }
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { defineCommand, type Args, type CommandEntry } from '#src/cli/command.ts';
import { allNamespacesFlag, dryRunFlag, selectorFlag } from '#src/cli/flags.ts';
import { run } from '#src/cli/run.ts';
import { commands } from '#src/commands/index.ts';
import { StashError } from '#src/errors.ts';
import { testContext } from '#test/support/context.ts';
import { matchGolden } from '#test/support/golden.ts';

for (const { name } of commands) {
  for (const argv of [
    [...name.split(' '), '--help'],
    ['help', ...name.split(' ')],
  ]) {
    test(`kubectl stash ${argv.join(' ')}`, async () => {
      const context = testContext();
      assert.equal(await run(argv, context, commands), 0, context.stderr());
      assert.ok(
        context
          .stdout()
          .split('\n')
          .every((line) => line.length <= 80),
        'a line is longer than 80 columns',
      );
      matchGolden(`help/${name.replace(' ', '-')}`, context.stdout());
    });
  }
}

/** Accepts all flags and records their values. */
function echo(): { entries: CommandEntry[]; got: () => Args | undefined } {
  let got: Args | undefined;
  const command = defineCommand({
    name: 'echo',
    usage: 'echo TYPE/NAME... [flags] [-- COMMAND]',
    description:
      'One paragraph.\n\nAnother one, which is so long that it cannot be on one line of eighty columns.',
    examples: ['# Say it\nkubectl stash echo x', '# Say it again\nkubectl stash echo x x'],
    flags: {
      ...selectorFlag,
      ...allNamespacesFlag,
      output: { type: 'string', alias: 'o', choices: ['json', 'name'], description: 'Output format.' },
      dryRun: dryRunFlag('client', 'server'),
      timeout: { type: 'duration', default: '10m', description: 'How long it may take.' },
      wait: { type: 'boolean', default: true, description: 'Wait for the end.' },
      retries: { type: 'number', default: 3, description: 'How often.', valueName: 'N' },
      only: { type: 'string[]', commas: true, description: 'Only these.', valueName: 'NAME,...' },
    },
    positionals: { name: 'TYPE/NAME', minimum: 1, maximum: 2 },
    after: true,
    run(args) {
      got = args;
      if (args.words[0] === 'fail')
        throw new StashError('session-failed', 'it failed', { hint: 'try again' });
      if (args.words[0] === 'crash') throw new TypeError('x is not a function');
      return Promise.resolve(undefined);
    },
  });
  const entry = { name: 'echo', summary: 'Say it', load: () => Promise.resolve(command) };
  return { entries: [entry], got: () => got };
}

const rows: [argv: string, code: number, golden: string][] = [
  ['', 0, 'overview'],
  ['help', 0, 'overview'],
  ['-h', 0, 'overview'],
  ['--help', 0, 'overview'],
  ['help help', 0, 'overview'],
  ['options', 0, 'options'],
  ['help options', 0, 'options'],
  ['help echo', 0, 'echo'],
  ['echo --help', 0, 'echo'],
  ['-n foo echo x -h --timeout=bad', 0, 'echo'],
  ['eco', 2, 'unknown-command-near'],
  ['help eco', 2, 'unknown-command-near'],
  ['frobnicate', 2, 'unknown-command'],
  ['--bogus echo', 2, 'unknown-flag'],
  ['echo x --bogus', 2, 'unknown-flag-of-command'],
  ['echo x --time-out=1m', 2, 'unknown-flag-near'],
  ['echo', 2, 'no-argument'],
  ['echo a b c', 2, 'extra-argument'],
  ['echo x -o', 2, 'no-value'],
  ['echo x -o xml', 2, 'bad-choice'],
  ['echo x --timeout 10', 2, 'bad-duration'],
  ['echo x --retries some', 2, 'bad-number'],
  ['echo x --wait=maybe', 2, 'bad-boolean'],
  ['echo x --request-timeout soon', 2, 'bad-request-timeout'],
  ['echo fail', 4, 'failed'],
  ['echo crash', 70, 'crash'],
];

for (const [line, code, golden] of rows) {
  test(`kubectl stash ${line} exits ${code}`, async () => {
    const context = testContext();
    assert.equal(await run(line.split(' ').filter(Boolean), context, echo().entries), code);
    assert.equal(code === 0 ? context.stderr() : context.stdout(), '');
    matchGolden(`cli/${golden}`, context.stdout() + context.stderr());
  });
}

test('a command gets its arguments, and flags that stand before its name', async () => {
  const { entries, got } = echo();
  const line = '-n foo echo a --only=x,y -Al app=z b -v 2 --wait=false -ojson --dry-run=server -- sh -c ls';
  assert.equal(await run(line.split(' '), testContext(), entries), 0);
  assert.deepEqual(got(), {
    words: ['a', 'b'],
    after: ['sh', '-c', 'ls'],
    flags: {
      selector: 'app=z',
      allNamespaces: true,
      output: 'json',
      dryRun: 'server',
      timeout: 600_000,
      wait: false,
      retries: 3,
      only: ['x', 'y'],
    },
    connection: { namespace: 'foo', asGroup: [] },
    verbosity: 2,
  });
});

test('a switch can be turned off, and --dry-run=none is no dry run', async () => {
  const { entries, got } = echo();
  assert.equal(await run(['echo', 'x', '-A=false', '--dry-run=none'], testContext(), entries), 0);
  assert.equal(got()?.flags['allNamespaces'], false);
  assert.equal(got()?.flags['dryRun'], undefined);
});

test('without `after`, the arguments after -- are words', async () => {
  let words: readonly string[] = [];
  const command = defineCommand({
    name: 'x',
    usage: 'x',
    description: '',
    examples: [],
    flags: {},
    positionals: { name: 'NAME' },
    run: (args) => {
      words = args.words;
      return Promise.resolve(undefined);
    },
  });
  const entries = [{ name: 'x', summary: '', load: () => Promise.resolve(command) }];
  assert.equal(await run(['x', 'a', '--', '-b'], testContext(), entries), 0);
  assert.deepEqual(words, ['a', '-b']);
});

test('-v=6 shows where an error came from', async () => {
  for (const flag of ['-v=6', '--v=7', '-v6', '--v 8']) {
    const context = testContext();
    await run(['echo', 'fail', ...flag.split(' ')], context, echo().entries);
    assert.match(context.stderr(), /run\.test\.ts/);
  }
});

test('only -v as a whole word before -- does that', async () => {
  for (const words of ['--v8-options', '-v8-options', '-v=soon', '-n -v=8 --bogus', '-- -v=8', '-v=8 -v=0']) {
    const context = testContext();
    await run(['echo', 'fail', ...words.split(' ')], context, echo().entries);
    assert.match(context.stderr(), /^error: /);
    assert.doesNotMatch(context.stderr(), /^ +at /m, words);
  }
});

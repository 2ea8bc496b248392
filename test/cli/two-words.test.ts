import assert from 'node:assert/strict';
import { test } from 'node:test';

import { defineCommand, type CommandEntry } from '#src/cli/command.ts';
import { run } from '#src/cli/run.ts';
import { testContext } from '#test/support/context.ts';
import { matchGolden } from '#test/support/golden.ts';

interface Stage {
  readonly entries: readonly CommandEntry[];
  /** Name, words, flags and namespace of what ran. */
  readonly ran: string[];
}

function stage(): Stage {
  const ran: string[] = [];
  const entry = (name: string, summary: string, hidden = false): CommandEntry => ({
    name,
    summary,
    hidden,
    load: () =>
      Promise.resolve(
        defineCommand({
          name,
          usage: `${name} [NAME...] [flags]`,
          description: `${summary}.`,
          examples: [],
          flags: {
            paused: { type: 'boolean', description: 'Do not begin.' },
            // Each command has a flag that the others do not have.
            ...{ [name.replace(' ', '')]: { type: 'string', description: 'Its own.' } },
          },
          positionals: { name: 'NAME' },
          run({ words, flags, connection }) {
            const given = Object.entries(flags).filter(([, value]) => value);
            ran.push(
              [name, ...words, JSON.stringify(Object.fromEntries(given)), connection.namespace].join(' '),
            );
            return Promise.resolve(undefined);
          },
        }),
      ),
  });
  return {
    ran,
    entries: [
      entry('list', 'List'),
      entry('create backup', 'Make a backup'),
      entry('create restoration', 'Make a restoration'),
      entry('delete', 'Delete anything'),
      entry('delete snapshot', 'Delete a snapshot'),
      entry('operator run', 'Run the operator', true),
      entry('operator take', 'Take a snapshot', true),
    ],
  };
}

const lines: [argv: string, ran: string][] = [
  ['list a', 'list a {} '],
  ['create backup a b', 'create backup a b {} '],
  ['create -n x backup a', 'create backup a {} x'],
  ['-n x create backup a', 'create backup a {} x'],
  ['create --paused backup a', 'create backup a {"paused":true} '],
  ['create --createbackup create backup a', 'create backup a {"createbackup":"create"} '],
  ['create --createrestoration=backup restoration', 'create restoration {"createrestoration":"backup"} '],
  ['create restoration backup', 'create restoration backup {} '],
  ['create backup backup', 'create backup backup {} '],
  ['delete snapshot a', 'delete snapshot a {} '],
  ['delete a snapshot', 'delete a snapshot {} '],
  ['delete -- snapshot', 'delete snapshot {} '],
  ['operator run', 'operator run {} '],
];

for (const [argv, expected] of lines) {
  test(`kubectl stash ${argv}`, async () => {
    const { entries, ran } = stage();
    const context = testContext();
    assert.equal(await run(argv.split(' '), context, entries), 0, context.stderr());
    assert.deepEqual(ran, [expected]);
  });
}

const told: [argv: string, code: number, golden: string][] = [
  ['', 0, 'overview-without-hidden'],
  ['create', 0, 'group'],
  ['create --help', 0, 'group'],
  ['create -n x', 0, 'group'],
  ['help create', 0, 'group'],
  ['help create backup', 0, 'two-words'],
  ['create backup --help', 0, 'two-words'],
  ['operator', 0, 'hidden-group'],
  ['create bakup', 2, 'unknown-second-word-near'],
  ['help create bakup', 2, 'unknown-second-word-near'],
  ['create something', 2, 'unknown-second-word'],
  ['creat backup', 2, 'unknown-first-word-near'],
  // Hidden commands are not proposed to users.
  ['operater', 2, 'unknown-first-word'],
];

for (const [argv, code, golden] of told) {
  test(`kubectl stash ${argv} prints`, async () => {
    const { entries, ran } = stage();
    const context = testContext();
    assert.equal(await run(argv.split(' ').filter(Boolean), context, entries), code);
    assert.equal(code === 0 ? context.stderr() : context.stdout(), '');
    assert.deepEqual(ran, []);
    matchGolden(`cli/${golden}`, context.stdout() + context.stderr());
  });
}

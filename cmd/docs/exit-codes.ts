/** What each exit code means, and which commands end with it. */
import type { ExitCode } from '#src/errors.ts';

import { code, page, table } from './markdown.ts';

interface Meaning {
  readonly means: string;
  /** Left out: every command. */
  readonly commands?: readonly string[];
}

const followers = ['snapshot', 'restore', 'undo', 'trigger', 'wait'];
const readers = ['browse', 'cp', 'diff'];

const meanings: Readonly<Record<0 | ExitCode, Meaning>> = {
  0: { means: 'success' },
  1: { means: 'an error: the command refused, or a request failed. The message says why' },
  2: { means: 'wrong usage: an unknown flag, or a value that the flag does not take' },
  3: { means: 'an object, a restore point or a file does not exist' },
  4: { means: 'the session did not succeed', commands: [...followers, ...readers] },
  5: { means: 'timed out. An executor may still carry the session out: the message says how to follow it' },
  6: {
    means: 'the claims are created, and wait for the first pod that uses them',
    commands: ['restore', 'wait'],
  },
  7: {
    means: 'stopped while the workload is down. The same command goes on, and `undo` goes back',
    commands: ['restore', 'undo'],
  },
  70: { means: 'a bug in kubectl-stash' },
  130: { means: 'interrupted, by Ctrl-C for example' },
};

const rows = Object.entries(meanings).map(([number, meaning]) => ({ number, ...meaning }));

/** Exit codes of its own: a check that fails is no error of the command. */
const others: Readonly<Record<string, readonly (readonly [number: string, means: string])[]>> = {
  doctor: [['1', 'also: a check fails']],
  coverage: [['1', 'also: a claim is in a state that `--fail-on` names']],
  browse: [['other', 'that of the shell']],
  sandbox: [['other', 'that of COMMAND']],
};

/** The rows of a command's page. */
export function exitCodesOf(command: string): (readonly [number: string, means: string])[] {
  return [
    ...rows
      .filter(({ commands }) => commands === undefined || commands.includes(command))
      .map(({ number, means }) => [number, means] as const),
    ...(others[command] ?? []),
  ];
}

/** Commands that the tables name. */
export const commandsWithExitCodes: readonly string[] = [
  ...rows.flatMap(({ commands = [] }) => commands),
  ...Object.keys(others),
];

export function exitCodesPage(): string {
  return page('Exit codes', '`cmd/docs/exit-codes.ts`', [
    'A command that fails prints one line `error: …` and, if it knows one, a line `hint: …` with the next command. The exit code tells a script how it failed.',
    table(
      ['code', 'meaning', 'commands'],
      rows.map(({ number, means, commands = ['all'] }) => [
        number,
        means,
        commands.map((name) => (name === 'all' ? name : code(name))).join(', '),
      ]),
    ),
    'Besides:',
    table(
      ['command', 'code', 'meaning'],
      Object.entries(others).flatMap(([name, codes]) =>
        codes.map(([number, means]) => [code(name), number, means.replace('also: ', '')]),
      ),
    ),
    'If one command takes or restores several workloads, its exit code is that of the first failure other than 6.',
  ]);
}

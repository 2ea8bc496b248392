/** Rules for every error on stderr. */
import assert from 'node:assert/strict';

import { globalFlags } from '#src/cli/global-flags.ts';
import { parse } from '#src/cli/parse.ts';
import { commands } from '#src/commands/index.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';

const longest = 240;

/** Returns the commands in the hints, each alone on its line. Throws if one of them is not a valid command line. */
export async function checkAdvice(stderr: string): Promise<string[]> {
  const lines = stderr.split('\n');
  assert.equal(lines.pop(), '', 'ends in a line break');
  const first = lines.findIndex((line) => line.startsWith('error: '));
  assert.ok(first >= 0, stderr);
  const errors = lines.slice(first).filter((line) => line.startsWith('error: '));
  const [start, ...more] = lines.slice(first + errors.length);
  assert.match(start ?? '', /^hint: \S/, 'says what to do next');
  for (const line of more) assert.match(line, /^ {6}\S/);
  const hints = [start ?? '', ...more].map((line) => line.slice('hint: '.length));
  // Messages of a driver or the scheduler may have any length.
  const ours = [...errors.filter((line) => !/rpc error|nodes are available/.test(line)), ...hints];
  for (const line of ours) assert.ok(line.length <= longest, `too long: ${line}`);
  const proposed = hints.filter((line) => line.includes('kubectl '));
  for (const line of proposed) await checkCommand(line);
  return proposed;
}

/** Throws unless the line is a valid command. A final `&&` joins it with the next line. */
async function checkCommand(printed: string): Promise<void> {
  const line = printed.replace(/ &&$/, '');
  const [program, ...argv] = line.split(' ');
  assert.equal(program, 'kubectl', `words before a command: ${line}`);
  if (argv[0] !== 'stash') {
    const [words = '', patch, end = ''] = line.split("'");
    assert.match(
      `${words.trimEnd()}${end}`,
      /^kubectl [a-z][a-z-]*(?: (?:--?)?[\w./,=:{}]+(?:-[\w./,=:{}]+)*)+$/,
    );
    if (patch !== undefined) assert.equal(typeof JSON.parse(patch), 'object');
    return;
  }
  const twoWords = commands.find(({ name }) => name === argv.slice(1, 3).join(' '));
  const entry = twoWords ?? commands.find(({ name }) => name === argv[1]);
  assert.ok(entry, line);
  const command = await entry.load();
  if (argv.at(-1) === '--help') return;
  const { words } = await parse(argv.slice(twoWords ? 3 : 2), { ...globalFlags, ...command.flags });
  const { minimum = 0, maximum = Infinity } = command.positionals ?? { maximum: 0 };
  assert.ok(words.length >= minimum && words.length <= maximum, line);
  if (words.includes('TYPE/NAME')) return;
  if (['snapshot', 'restore', 'list'].includes(command.name) && words.length > 0) {
    parseTargets(words, { names: 'required' });
  }
}

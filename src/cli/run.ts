/** Runs a command line: finds the command, parses its flags, runs it and reports its error. */
import { commandLine } from '#src/domain/command-line.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { atSameServer } from './at-same-server.ts';
import type { Args, Command, CommandEntry } from './command.ts';
import type { Context } from './context.ts';
import { convert } from './convert.ts';
import { findCommand } from './find-command.ts';
import { connectionFlags, globalFlags, type GlobalFlagValues } from './global-flags.ts';
import { commandHelp, globalFlagsHelp, groupHelp, overviewHelp } from './help.ts';
import { parse, type CommandLine } from './parse.ts';
import { reportError } from './report-error.ts';
import { firstWord, tokenize, type FlagToken } from './tokens.ts';

const programHelp = 'kubectl stash --help';

/**
 * `argv` are the arguments after `kubectl stash`. Resolves with the exit code, and never rejects. Results go to
 * `context.out`, everything else to `context.err`.
 */
export async function run(
  argv: readonly string[],
  context: Context,
  commands: readonly CommandEntry[],
): Promise<number> {
  try {
    return (await dispatch(argv, context, commands)) ?? 0;
  } catch (error) {
    return reportError(error, { err: context.err, signal: context.signal, verbosity: verbosityOf(argv) });
  }
}

async function dispatch(
  argv: readonly string[],
  context: Context,
  commands: readonly CommandEntry[],
): Promise<number | undefined> {
  if (argv[0] === '__complete') {
    const { answerCompletion } = await import('./answer-completion.ts');
    await answerCompletion(argv.slice(1), context, commands);
    return undefined;
  }
  // As many programs have it.
  if (argv.length === 1 && argv[0] === '--version')
    return dispatch(['version', '--client'], context, commands);
  const at = await readLine(programHelp, () => firstWord(argv, globalFlags));
  const verb = argv[at];
  const rest = argv.toSpliced(at, 1);
  if (verb === undefined || verb === 'help') {
    const at = await readLine(programHelp, () => firstWord(rest, globalFlags));
    const text = () => helpOn(rest[at], rest.toSpliced(at, 1), commands);
    context.out.write(await readLine(programHelp, text));
  } else if (verb === 'options') {
    context.out.write(globalFlagsHelp());
  } else {
    const found = await readLine(programHelp, () => findCommand(verb, rest, commands));
    if (found.kind === 'command') return runCommand(await found.entry.load(), found.rest, context);
    context.out.write(groupHelp(found.name, found.entries));
  }
  return undefined;
}

async function helpOn(
  topic: string | undefined,
  rest: readonly string[],
  commands: readonly CommandEntry[],
): Promise<string> {
  if (topic === undefined || topic === 'help') return overviewHelp(commands);
  if (topic === 'options') return globalFlagsHelp();
  const found = await findCommand(topic, rest, commands);
  return found.kind === 'group'
    ? groupHelp(found.name, found.entries)
    : commandHelp(await found.entry.load());
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  context: Context,
): Promise<number | undefined> {
  const args = await readLine(commandLine`kubectl stash ${command.name.split(' ')} --help`, async () => {
    const line = await parse(argv, { ...globalFlags, ...command.flags });
    return line.given.get('help')?.at(-1) === 'true' ? undefined : argsOf(command, line);
  });
  if (args) return runAtServer(command, args, context);
  context.out.write(commandHelp(command));
  return undefined;
}

/** Makes the commands in a hint go to the cluster that the command used. */
async function runAtServer(command: Command, args: Args, context: Context): Promise<number | undefined> {
  try {
    return await command.run(args, context);
  } catch (error) {
    if (!isStashError(error) || error.hint === undefined) throw error;
    const hint = atSameServer(error.hint, args.connection);
    throw hint === error.hint ? error : new StashError(error.kind, error.message, { hint, cause: error });
  }
}

/** Adds the help command as the hint of a usage error that has no hint. */
async function readLine<T>(help: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isStashError(error, 'usage') || error.hint !== undefined) throw error;
    throw new StashError('usage', error.message, { hint: help });
  }
}

function argsOf(command: Command, line: CommandLine): Args {
  const global = convert(line.given, globalFlags) as GlobalFlagValues;
  const words = command.after === true ? line.words : [...line.words, ...(line.after ?? [])];
  checkWords(command, words);
  return {
    words,
    after: command.after === true ? line.after : undefined,
    flags: convert(line.given, command.flags),
    connection: connectionFlags(global),
    verbosity: global.v ?? 0,
  };
}

function checkWords({ name, positionals }: Command, words: readonly string[]): void {
  const { minimum = 0, maximum = Infinity } = positionals ?? { maximum: 0 };
  const extra = words[maximum];
  if (extra !== undefined) throw new StashError('usage', `${name} does not take the argument "${extra}"`);
  if (words.length < minimum)
    throw new StashError('usage', `${name} needs ${positionals?.name ?? 'an argument'}`);
}

/** The value of `-v`, even if the command line is invalid. */
function verbosityOf(argv: readonly string[]): number {
  const given = [...tokenize(argv, globalFlags)].filter(
    (token): token is FlagToken => token.kind === 'flag' && token.name === 'v',
  );
  const level = given.at(-1)?.value ?? '';
  return /^\d+$/.test(level) ? Number(level) : 0;
}

/** Finds the command that a command line names: the longest matching name counts. */
import { commandLine } from '#src/domain/command-line.ts';
import { nearest } from '#src/domain/nearest.ts';
import { StashError } from '#src/errors.ts';
import type { CommandEntry, Flags } from './command.ts';
import { familiarWords } from './familiar-words.ts';
import { globalFlags } from './global-flags.ts';
import { firstWord, tokenize } from './tokens.ts';

export type Found =
  | { readonly kind: 'command'; readonly entry: CommandEntry; readonly rest: readonly string[] }
  /** A first word such as `create` without the second. */
  | { readonly kind: 'group'; readonly name: string; readonly entries: readonly CommandEntry[] };

/**
 * `line` is the command line without its first word. Flags may stand before the command's second word.
 * @throws StashError `usage` if there is no such command
 */
export async function findCommand(
  first: string,
  line: readonly string[],
  commands: readonly CommandEntry[],
): Promise<Found> {
  const entries = commands.filter(({ name }) => name.startsWith(`${first} `));
  for (const entry of entries) {
    const at = await secondWord(entry, line);
    if (at !== undefined) return { kind: 'command', entry, rest: line.toSpliced(at, 1) };
  }
  const entry = commands.find(({ name }) => name === first);
  if (entry !== undefined) return { kind: 'command', entry, rest: line };
  if (entries.length === 0) throw unknownCommand(first, commands);
  const second = line[firstWord(line, globalFlags)];
  if (second === undefined) return { kind: 'group', name: first, entries };
  throw unknownCommand(`${first} ${second}`, entries);
}

/** The index of the second word of the command's name; undefined if the line begins with another word. */
async function secondWord(entry: CommandEntry, line: readonly string[]): Promise<number | undefined> {
  const [, second] = entry.name.split(' ');
  if (second === undefined || !line.includes(second)) return undefined;
  const { flags } = await entry.load();
  return wordAt(second, line, { ...globalFlags, ...flags });
}

function wordAt(word: string, line: readonly string[], flags: Flags): number | undefined {
  for (const token of tokenize(line, flags)) {
    if (token.kind === 'word') return token.text === word ? token.index : undefined;
    // The next word may be the unknown flag's value.
    if (token.kind === 'unknown' || token.kind === 'end') return undefined;
  }
  return undefined;
}

/** Proposes hidden commands only if the user has typed their first word. */
function unknownCommand(name: string, commands: readonly CommandEntry[]): StashError {
  const isTwoWords = name.includes(' ');
  const candidates = isTwoWords
    ? commands.map((entry) => entry.name)
    : commands.filter(({ hidden }) => hidden !== true).map((entry) => entry.name.split(' ')[0] ?? '');
  const near = nearest(name, new Set(candidates));
  const help = isTwoWords
    ? commandLine`kubectl stash ${name.split(' ')[0] ?? ''} --help`
    : 'kubectl stash --help';
  const proposal =
    near === undefined ? help : `did you mean: ${commandLine`kubectl stash ${near.split(' ')}`}`;
  return new StashError('usage', `unknown command "${name}"`, {
    hint: familiarWords.get(name)?.join('\n') ?? proposal,
  });
}

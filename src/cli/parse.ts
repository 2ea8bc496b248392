/** Parses a command line: `tokenize` separates words and flags as kubectl does, and yargs reads the flags. */
import { assertNever, StashError } from '#src/errors.ts';
import type { Flags } from './command.ts';
import { longName, tokenize, unknownFlag, type FlagToken } from './tokens.ts';

export interface CommandLine {
  /** The values of each flag in order and as written, by declared name. A boolean without a value is `true`. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
  /** The arguments after `--`; undefined without `--`. */
  readonly after: readonly string[] | undefined;
}

export type FlagWithValue = FlagToken & { readonly value: string };

/** Rejects with 'usage' if a word is empty, or a flag is unknown or lacks its value. `convert` checks the values. */
export async function parse(argv: readonly string[], flags: Flags): Promise<CommandLine> {
  const given: FlagWithValue[] = [];
  const words: string[] = [];
  let after: readonly string[] | undefined;
  for (const token of tokenize(argv, flags)) {
    switch (token.kind) {
      case 'flag':
        given.push(withValue(token));
        break;
      case 'word':
        if (token.text === '') throw emptyWord();
        words.push(token.text);
        break;
      case 'end':
        after = token.rest;
        break;
      case 'unknown':
        throw unknownFlag(token.written, flags);
      default:
        return assertNever(token);
    }
  }
  // Loading yargs takes longer than the rest of `version --client` or `--help`.
  const isAllSwitches = given.every(({ flag }) => flag.type === 'boolean');
  return { given: isAllSwitches ? switches(given) : await readWithYargs(given, flags), words, after };
}

function emptyWord(): StashError {
  return new StashError('usage', 'a word of the command line is empty', {
    hint: 'leave it out, or set the variable that stands there',
  });
}

function withValue(token: FlagToken): FlagWithValue {
  const { value } = token;
  if (value === undefined) throw new StashError('usage', `${token.written} needs a value`);
  return { ...token, value };
}

/** Writes a flag in the only form that yargs always reads correctly. */
export function normalize({ name, value }: FlagWithValue): string {
  return `--${longName(name)}=${value}`;
}

function switches(given: readonly FlagWithValue[]): CommandLine['given'] {
  const byName = Map.groupBy(given, ({ name }) => name);
  return new Map([...byName].map(([name, each]) => [name, each.map(({ value }) => value)]));
}

async function readWithYargs(given: readonly FlagWithValue[], flags: Flags): Promise<CommandLine['given']> {
  const { default: yargs } = await import('yargs');
  const names = Object.keys(flags).map(longName);
  // Without a directory, yargs looks up the working directory, which may have been removed.
  const line = yargs([], '/')
    .help(false)
    .version(false)
    .detectLocale(false)
    .exitProcess(false)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
    })
    // Booleans too: yargs would read `--wait=zzz` as false. Without `requiresArg`, it would remove quotes from values.
    .string(names)
    .requiresArg(names)
    .parseSync(given.map(normalize));
  return new Map(
    Object.keys(flags)
      .filter((name) => Object.hasOwn(line, longName(name)))
      .map((name) => [name, [line[longName(name)]].flat().map(String)]),
  );
}

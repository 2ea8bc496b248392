/** Reads a command line: tokens tell words from flags, as kubectl does, and yargs reads the flags. */
import { assertNever, StashError } from '#src/errors.ts';
import type { Flags } from './command.ts';
import { longName, tokenize, unknownFlag, type FlagToken } from './tokens.ts';

export interface CommandLine {
  /** What each flag was given, in order and as written, by the names of the declaration; a bare boolean is `true`. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
  /** What follows `--`; undefined where there is no `--`. */
  readonly after: readonly string[] | undefined;
}

export type FlagWithValue = FlagToken & { readonly value: string };

/** Rejects with a usage error where a flag is unknown or lacks its value; the values are `convert`'s matter. */
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
  // Loading yargs takes longer than all else that `version --client` or `--help` does.
  const isAllSwitches = given.every(({ flag }) => flag.type === 'boolean');
  return { given: isAllSwitches ? switches(given) : await readWithYargs(given, flags), words, after };
}

function withValue(token: FlagToken): FlagWithValue {
  const { value } = token;
  if (value === undefined) throw new StashError('usage', `${token.written} needs a value`);
  return { ...token, value };
}

/** In the one form that yargs cannot mistake for anything else. */
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
  // It would look up the working directory, which may have been removed.
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
    // Booleans too: yargs would read `--wait=zzz` as false. Without `requiresArg` it would take quotes off values.
    .string(names)
    .requiresArg(names)
    .parseSync(given.map(normalize));
  return new Map(
    Object.keys(flags)
      .filter((name) => Object.hasOwn(line, longName(name)))
      .map((name) => [name, [line[longName(name)]].flat().map(String)]),
  );
}

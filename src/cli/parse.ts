/** Reads a command line with yargs, after it has been brought into the one form that yargs reads as kubectl would. */
import { assertNever, StashError } from '#src/errors.ts';
import type { Flags } from './command.ts';
import { longName, tokenize, unknownFlag, type FlagToken, type Token } from './tokens.ts';

export interface CommandLine {
  /** What each flag was given, in order and as written, by the names of the declaration; a bare boolean is `true`. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
  /** What follows `--`; undefined where there is no `--`. */
  readonly after: readonly string[] | undefined;
}

/** Rejects with a usage error where a flag is unknown or lacks its value; the values are `convert`'s matter. */
export async function parse(argv: readonly string[], flags: Flags): Promise<CommandLine> {
  const tokens = [...tokenize(argv, flags)].map((token) => {
    if (token.kind === 'unknown') throw unknownFlag(token.written, flags);
    return token;
  });
  // Loading yargs takes longer than all else that `version --client` or `--help` does.
  return tokens.every(isSwitch) ? switches(tokens) : readWithYargs(normalize(tokens), flags);
}

type KnownToken = Exclude<Token, { kind: 'unknown' }>;

/**
 * Every flag becomes `--name=value`, which yargs cannot mistake for anything else. A flag at the end of the line that
 * lacks its value stays as it is.
 */
export function normalize(tokens: readonly KnownToken[]): string[] {
  return tokens.flatMap((token) => {
    switch (token.kind) {
      case 'flag':
        return token.value === undefined ? token.written : `--${longName(token.name)}=${token.value}`;
      case 'word':
        return token.text;
      case 'end':
        return ['--', ...token.rest];
      default:
        return assertNever(token);
    }
  });
}

function isSwitch(token: KnownToken): token is FlagToken & { value: string } {
  return token.kind === 'flag' && token.flag.type === 'boolean';
}

function switches(tokens: readonly (FlagToken & { value: string })[]): CommandLine {
  const values = ([name, given]: [string, { value: string }[]]) =>
    [name, given.map(({ value }) => value)] as const;
  return {
    given: new Map([...Map.groupBy(tokens, ({ name }) => name)].map(values)),
    words: [],
    after: undefined,
  };
}

async function readWithYargs(args: readonly string[], flags: Flags): Promise<CommandLine> {
  const { default: yargs } = await import('yargs');
  const names = Object.keys(flags).map(longName);
  const aliases = Object.fromEntries(
    Object.entries(flags).map(([name, { alias = [] }]) => [longName(name), alias]),
  );
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
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
    })
    // Booleans too: yargs would read `--wait=zzz` as false. Without `requiresArg` it would take quotes off values.
    .string(names)
    .requiresArg(names)
    .alias(aliases)
    .fail(() => {
      // It is asked to check only this, and only the last flag of a line can lack its value.
      throw new StashError('usage', `${args.at(-1) ?? ''} needs a value`);
    })
    .parseSync(args);
  return {
    given: new Map(
      Object.keys(flags)
        .filter((name) => Object.hasOwn(line, longName(name)))
        .map((name) => [name, [line[longName(name)]].flat().map(String)]),
    ),
    words: line._.map(String),
    // yargs does not tell `--` with nothing after it from none.
    after: args.includes('--') ? [line['--'] ?? []].flat().map(String) : undefined,
  };
}

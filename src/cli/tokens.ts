/** Splits a command line by kubectl's grammar: `-n foo`, `-nfoo`, `-n=foo`, `--namespace=foo`, `-Ao json`. */
import { nearest } from '#src/domain/nearest.ts';
import { StashError } from '#src/errors.ts';
import type { Flag, Flags } from './command.ts';

export interface FlagToken {
  readonly kind: 'flag';
  /** As declared. */
  readonly name: string;
  readonly flag: Flag;
  /** `true` for a boolean without a value; undefined if the line ends before the value. */
  readonly value: string | undefined;
  /** `--namespace`, `-n`. */
  readonly written: string;
}

export type Token =
  | FlagToken
  | { readonly kind: 'unknown'; readonly written: string }
  | { readonly kind: 'word'; readonly text: string; readonly index: number }
  /** `--`, always the last token: `rest` is not split further. */
  | { readonly kind: 'end'; readonly rest: readonly string[] };

type Table = ReadonlyMap<string, { readonly name: string; readonly flag: Flag }>;

/** `snapshotClass` -> `snapshot-class`. */
export function longName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** As with kubectl, a flag that needs a value takes the next word, even if that begins with a dash. */
export function* tokenize(argv: readonly string[], flags: Flags): Generator<Token, void> {
  const table = tableOf(flags);
  const line = argv.entries();
  for (const [index, text] of line) {
    if (text === '--') {
      yield { kind: 'end', rest: argv.slice(index + 1) };
      return;
    }
    if (!text.startsWith('-') || text === '-') {
      yield { kind: 'word', text, index };
      continue;
    }
    for (const token of text.startsWith('--') ? [longFlag(text, table)] : shorthands(text.slice(1), table)) {
      yield token.kind === 'flag' && token.value === undefined
        ? { ...token, value: line.next().value?.[1] }
        : token;
    }
  }
}

/**
 * The index of the first word; the length of `argv` if there is none. Throws 'usage' for an unknown flag before it,
 * because the next word may be that flag's value.
 */
export function firstWord(argv: readonly string[], flags: Flags): number {
  for (const token of tokenize(argv, flags)) {
    if (token.kind === 'word') return token.index;
    if (token.kind === 'unknown') throw unknownFlag(token.written, flags);
  }
  return argv.length;
}

export function unknownFlag(written: string, flags: Flags): StashError {
  const near = written.startsWith('--')
    ? nearest(written.slice(2), Object.keys(flags).map(longName))
    : undefined;
  return new StashError('usage', `unknown flag ${written}`, {
    hint: near === undefined ? undefined : `did you mean --${near}?`,
  });
}

function tableOf(flags: Flags): Table {
  return new Map(
    Object.entries(flags).flatMap(([name, flag]) =>
      [`--${longName(name)}`, `-${flag.alias ?? ''}`].map((written) => [written, { name, flag }] as const),
    ),
  );
}

function longFlag(text: string, table: Table): Token {
  const equals = text.indexOf('=');
  return equals < 0
    ? flagToken(text, undefined, table)
    : flagToken(text.slice(0, equals), text.slice(equals + 1), table);
}

/** Ignores the letters after an unknown flag: they may be its value. */
function shorthands(letters: string, table: Table): Token[] {
  const [letter = ''] = letters;
  const after = letters.slice(letter.length);
  const token = flagToken(`-${letter}`, after.startsWith('=') ? after.slice(1) : undefined, table);
  if (token.kind !== 'flag' || after === '' || after.startsWith('=')) return [token];
  if (token.flag.type === 'boolean') return [token, ...shorthands(after, table)];
  return [{ ...token, value: after }];
}

function flagToken(written: string, value: string | undefined, table: Table): Token {
  const found = table.get(written);
  if (found === undefined) return { kind: 'unknown', written };
  return {
    kind: 'flag',
    ...found,
    written,
    value: value ?? (found.flag.type === 'boolean' ? 'true' : undefined),
  };
}

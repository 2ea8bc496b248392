/** Converts the text of a flag to the value that a command gets. */
import { parseDuration } from '#src/domain/duration.ts';
import { longestWaitMs } from '#src/domain/spec-limits.ts';
import { StashError } from '#src/errors.ts';
import { beforePlaceholder, type Flag, type FlagValue, type Flags } from './command.ts';
import type { CommandLine } from './parse.ts';
import { longName } from './tokens.ts';

export type FlagValues = Readonly<Record<string, FlagValue<Flag>>>;

/** If a flag is repeated, its last value counts. Throws 'usage' for the first flag whose value is not of its type. */
export function convert(given: CommandLine['given'], flags: Flags): FlagValues {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      valueOf(flag, `--${longName(name)}`, given.get(name) ?? []),
    ]),
  );
}

function valueOf(flag: Flag, name: string, given: readonly string[]): FlagValue<Flag> {
  const last = given.at(-1);
  switch (flag.type) {
    case 'string': {
      const text = oneOf(flag.choices, name, last === flag.absent ? undefined : last);
      if (text !== undefined) flag.check?.(text);
      return text ?? flag.default;
    }
    case 'boolean':
      return last === undefined ? (flag.default ?? false) : booleanOf(name, last);
    case 'number':
      return last === undefined ? flag.default : wholeNumber(name, last, flag);
    case 'duration':
      return duration(name, last ?? flag.default, flag);
    case 'string[]':
      if (given.some((text) => text.trim() === '')) throw emptyValue(name);
      return flag.commas === true ? given.flatMap(split) : given;
  }
}

function oneOf(
  choices: readonly string[] | undefined,
  name: string,
  text: string | undefined,
): string | undefined {
  if (text === undefined || choices === undefined || choices.some((choice) => fits(text, choice)))
    return text;
  throw bad(name, choices.length === 1 ? `only ${choices.join()}` : `one of ${choices.join(', ')}`, text);
}

function fits(text: string, choice: string): boolean {
  const fixed = beforePlaceholder(choice);
  return fixed === undefined ? text === choice : text.startsWith(fixed);
}

/** The spellings that kubectl takes. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'True', 'TRUE', 't', 'T', '1'].map((text) => [text, true] as const),
  ...['false', 'False', 'FALSE', 'f', 'F', '0'].map((text) => [text, false] as const),
]);

function booleanOf(name: string, text: string): boolean {
  const value = booleans.get(text);
  if (value === undefined) throw bad(name, 'true or false', text);
  return value;
}

function wholeNumber(
  name: string,
  text: string,
  { minimum, maximum }: { readonly minimum?: number; readonly maximum?: number },
): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) throw bad(name, 'a whole number', text);
  if (minimum !== undefined && value < minimum) throw bad(name, `${minimum} or more`, text);
  if (maximum !== undefined && value > maximum) throw bad(name, `${maximum} or less`, text);
  return value;
}

function duration(
  name: string,
  text: string | undefined,
  { positive = false }: { readonly positive?: boolean },
): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw bad(name, 'a duration such as 90s or 1h30m', text);
  if (positive && milliseconds < 1) throw bad(name, 'a duration of 1ms or more', text);
  if (milliseconds > longestWaitMs)
    throw bad(name, `a duration of ${longestWaitMs / 3_600_000}h or less`, text);
  return milliseconds;
}

function split(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A list without its only value would mean all: all claims, all namespaces. */
function emptyValue(name: string): StashError {
  return new StashError('usage', `${name} is empty`, {
    hint: 'leave it out, or set the variable that stands there',
  });
}

function bad(name: string, expected: string, text: string): StashError {
  return new StashError('usage', `${name} takes ${expected}, not "${text}"`);
}

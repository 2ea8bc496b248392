/** Which candidates complete the word at the cursor of a command line. */
import { targetTypes, kindOfWord } from '#src/domain/workload/kinds.ts';
import {
  beforePlaceholder,
  type CommandEntry,
  type Completes,
  type Flag,
  type Flags,
  type Positionals,
} from './command.ts';
import type { ConnectionFlags } from './context.ts';
import { convert } from './convert.ts';
import { connectionFlags, globalFlags, type GlobalFlagValues } from './global-flags.ts';
import { longName, tokenize, type Token } from './tokens.ts';

export type Question =
  /** The candidates are known without the cluster. */
  | { readonly ask: 'words'; readonly words: readonly Candidate[] }
  /** Names to read from the cluster; each candidate begins with `prefix`. */
  | {
      readonly ask: 'names';
      readonly of: Completes;
      readonly prefix: string;
      /** Words that are on the line already, and are not proposed again. */
      readonly taken: readonly string[];
      readonly connection: ConnectionFlags;
    }
  | { readonly ask: 'file' }
  | { readonly ask: 'nothing' };

export interface Candidate {
  readonly text: string;
  readonly description?: string;
  /** The word goes on after the candidate, so that the shell adds no space. */
  readonly open?: boolean;
}

const nothing: Question = { ask: 'nothing' };

/** `before` are the words before the cursor, without the program. */
export async function questionOf(
  before: readonly string[],
  current: string,
  commands: readonly CommandEntry[],
): Promise<Question> {
  const tokens = [...tokenize(before, globalFlags)];
  const verbs = tokens.filter((token) => token.kind === 'word').map(({ text }) => text);
  const help = verbs[0] === 'help';
  const [first, second] = help ? verbs.slice(1) : verbs;
  const visible = commands.filter(({ hidden }) => hidden !== true);
  const entry =
    visible.find(({ name }) => name === `${first ?? ''} ${second ?? ''}`) ??
    visible.find(({ name }) => name === first);
  if (entry === undefined) {
    const open = lastFlag(tokens);
    if (open) return valueOf(open.flag, '', connectionOf(tokens), []);
    if (current.startsWith('-')) return flagQuestion(current, globalFlags, connectionOf(tokens));
    if (first === undefined) return { ask: 'words', words: firstWords(visible, help) };
    const group = visible.filter(({ name }) => name.startsWith(`${first} `));
    if (second !== undefined) return nothing;
    return {
      ask: 'words',
      words: group.map(({ name, summary }) => ({ text: name.slice(first.length + 1), description: summary })),
    };
  }
  if (help) return nothing;
  const command = await entry.load();
  const flags: Flags = { ...globalFlags, ...command.flags };
  const line = [...tokenize(before, flags)];
  const connection = connectionOf(line);
  const own = line.filter((token) => token.kind === 'word').slice(entry.name.split(' ').length);
  const words = own.map(({ text }) => text);
  if (line.some(({ kind }) => kind === 'end')) return nothing;
  const open = lastFlag(line);
  if (open) return valueOf(open.flag, '', connection, []);
  if (current.startsWith('-')) return flagQuestion(current, flags, connection);
  const { positionals } = command;
  if (positionals?.completes === undefined || words.length >= (positionals.maximum ?? Infinity))
    return nothing;
  const { completes } = positionals;
  if (isWords(completes)) return { ask: 'words', words: completes.map((text) => ({ text })) };
  const further = words.length === 0 ? visible.filter(({ name }) => name.startsWith(`${entry.name} `)) : [];
  const also = further.map(({ name, summary }) => ({
    text: name.slice(entry.name.length + 1),
    description: summary,
  }));
  return completes === 'target'
    ? withWords(also, targetQuestion(words, current, connection))
    : { ask: 'names', of: completes, prefix: '', taken: words, connection };
}

/** Proposes `schedules` of the command `list schedules`, and then what `list` takes. */
function withWords(also: readonly Candidate[], question: Question): Question {
  return question.ask === 'words' ? { ask: 'words', words: [...also, ...question.words] } : question;
}

function isWords(completes: NonNullable<Positionals['completes']>): completes is readonly string[] {
  return Array.isArray(completes);
}

function firstWords(commands: readonly CommandEntry[], help: boolean): Candidate[] {
  const summaries = new Map(
    commands.map(({ name, summary }) => {
      const [word = '', more] = name.split(' ');
      return [word, more === undefined ? summary : `${word} ...`] as const;
    }),
  );
  if (!help) summaries.set('help', 'Help about any command').set('options', 'Flags that every command takes');
  return [...summaries].map(([text, description]) => ({ text, description }));
}

/** The last flag if its value is missing. */
function lastFlag(tokens: readonly Token[]): (Token & { kind: 'flag' }) | undefined {
  const last = tokens.at(-1);
  return last?.kind === 'flag' && last.value === undefined ? last : undefined;
}

function flagQuestion(current: string, flags: Flags, connection: ConnectionFlags): Question {
  const equals = current.indexOf('=');
  if (equals >= 0) {
    const written = current.slice(0, equals);
    const flag = Object.entries(flags).find(
      ([name, { alias }]) => written === `--${longName(name)}` || written === `-${alias ?? ''}`,
    )?.[1];
    return flag === undefined ? nothing : valueOf(flag, `${written}=`, connection, []);
  }
  const words = Object.entries(flags)
    .filter(([, flag]) => flag.hidden !== true)
    .map(([name, flag]) => ({ text: `--${longName(name)}`, description: flag.description }));
  return { ask: 'words', words };
}

function valueOf(
  flag: Flag,
  prefix: string,
  connection: ConnectionFlags,
  taken: readonly string[],
): Question {
  const choices =
    flag.type === 'boolean' ? ['true', 'false'] : flag.type === 'string' ? (flag.choices ?? []) : [];
  if (choices.length > 0) return { ask: 'words', words: choices.map((choice) => choiceOf(prefix, choice)) };
  if (flag.completes !== undefined) return { ask: 'names', of: flag.completes, prefix, taken, connection };
  return flag.valueName === 'FILE' ? { ask: 'file' } : nothing;
}

/** Completes `jsonpath=TEMPLATE` up to its placeholder. */
function choiceOf(prefix: string, choice: string): Candidate {
  const fixed = beforePlaceholder(choice);
  return fixed === undefined ? { text: prefix + choice } : { text: prefix + fixed, open: true };
}

/** `TYPE/NAME ...`, or `TYPE NAME ...`. */
function targetQuestion(words: readonly string[], current: string, connection: ConnectionFlags): Question {
  const slash = current.indexOf('/');
  const [type = ''] = words;
  const bare = words.length > 0 && !type.includes('/');
  const word = bare ? type : current.slice(0, Math.max(slash, 0));
  const kind = kindOfWord(word);
  if (kind !== undefined && (bare || slash >= 0)) {
    const prefix = bare ? '' : current.slice(0, slash + 1);
    return { ask: 'names', of: targetTypes[kind].resource, prefix, taken: words, connection };
  }
  if (bare || slash >= 0) return nothing;
  const types = Object.values(targetTypes).map(({ short, resource }) => ({
    text: `${short}/`,
    description: resource.kind,
    open: true,
  }));
  return { ask: 'words', words: types };
}

function connectionOf(tokens: readonly Token[]): ConnectionFlags {
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== 'flag' || token.value === undefined) continue;
    given.set(token.name, [...(given.get(token.name) ?? []), token.value]);
  }
  return connectionFlags(convert(given, globalFlags) as GlobalFlagValues);
}

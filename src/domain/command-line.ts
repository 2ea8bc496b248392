/** Every command that is printed for a person to paste is made here: a name that a cluster chose is quoted or not shown. */
import { cutMiddle } from './ellipsis.ts';
import { sanitize } from './sanitize.ts';

/** A flag of ours, with the value that follows it. */
export interface FlagWord {
  readonly flag: string;
  readonly value?: string | undefined;
}

type Word = string | FlagWord;

/** Begins the line that stands if no command can be shown; for a shell, a comment. */
const mark = '# ';
const longestShown = 100;

/**
 * ``commandLine`kubectl get pod ${name} -n ${namespace}` ``: the text as it is, each value as one word (or the rest of
 * one: `pod/${name}`) and each value of a list as a word, all of them quoted if a POSIX shell would change them. An
 * empty list takes the space before it away. Where a terminal would not show a value as it is, or the program would take
 * a name for a flag, the command would do something else: then a comment that says so stands in its place. Flags are
 * written in the text, or as `FlagWord`; after `--` a word may begin with a dash.
 */
export function commandLine(
  text: TemplateStringsArray,
  ...values: readonly (Word | readonly Word[])[]
): string {
  let line = '';
  for (const [index, next] of text.entries()) {
    const words = [values[index - 1] ?? []].flat() as readonly Word[];
    const isRestOfWord = /\S$/.test(line);
    const mayBeginWithDash = isRestOfWord || line.includes(' -- ');
    for (const word of words) {
      const why = whyNotShown(word, mayBeginWithDash);
      if (why !== undefined) return withoutCommand(why);
    }
    const before = words.length === 0 ? line.replace(/ $/, '') : line;
    line = `${before}${words.map(written).join(' ')}${next}`;
  }
  return isShown(line) ? line : withoutCommand(tooLong(line));
}

/** One command of several, or what stands in place of the first of them that cannot be shown. */
export function joinCommands(
  commands: readonly string[],
  join: (commands: readonly string[]) => string,
): string {
  const missing = commands.find((command) => !isCommand(command));
  if (missing !== undefined) return missing;
  const joined = join(commands);
  return isShown(joined) ? joined : withoutCommand(tooLong(joined));
}

/** `--only a`, for `commandLine`. */
export function flag(name: string, value?: string): FlagWord {
  return { flag: name, value };
}

/** `-n foo`, for `commandLine`; nothing if no namespace was given. */
export function inNamespace(namespace: string | undefined): readonly FlagWord[] {
  return namespace === undefined ? [] : [flag('-n', namespace)];
}

/** False: `commandLine` could not show it. */
export function isCommand(line: string): boolean {
  return !line.startsWith(mark);
}

/** Whether every shell takes the word as it is, and no program for a flag. */
export function isPlain(word: string): boolean {
  return /^\w[\w.:-]*$/.test(word) && isShown(word);
}

function written(word: Word): string {
  if (typeof word === 'string') return quote(word);
  return word.value === undefined ? word.flag : `${word.flag} ${quote(word.value)}`;
}

function quote(word: string): string {
  // zsh takes a word that begins with = for the path of a program, and atSameServer takes -- for the end of the flags.
  return /^(?!=|--$)[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function whyNotShown(word: Word, mayBeginWithDash: boolean): string | undefined {
  const text = typeof word === 'string' ? word : (word.value ?? '');
  const shown = quote(cutMiddle(sanitize(text), longestShown));
  if (typeof word === 'string' && text.startsWith('-') && !mayBeginWithDash) {
    return `${shown} would be taken for a flag`;
  }
  if (isShown(text)) return undefined;
  return text.length > longestShown ? tooLong(text) : `${shown} holds characters that a terminal hides`;
}

function tooLong(text: string): string {
  return `${quote(cutMiddle(sanitize(text), longestShown))} is too long, or holds characters that a terminal hides`;
}

function isShown(text: string): boolean {
  return sanitize(text) === text;
}

function withoutCommand(why: string): string {
  return `${mark}no command is shown: ${why}; -o json shows it`;
}

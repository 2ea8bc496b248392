/** Every command that is printed for a person to paste is made here: a name that a cluster chose is quoted or not shown. */
import { sanitize } from './sanitize.ts';

/** Begins the line that stands where no command can be shown; for a shell, a comment. */
const mark = '# ';

/**
 * ``commandLine`kubectl get pod ${name} -n ${namespace}` ``: the text as it is, each value as one word (or the rest of
 * one: `pod/${name}`) and each value of a list as a word, all of them quoted where a POSIX shell would change them. An
 * empty list takes the space before it away. Where a terminal would not show a value as it is, the command would name
 * something else: then a comment that says so stands in its place.
 */
export function commandLine(
  text: TemplateStringsArray,
  ...values: readonly (string | readonly string[])[]
): string {
  const unseen = values.flat().find((value) => sanitize(value) !== value);
  if (unseen !== undefined) return withoutCommand(unseen);
  return text.reduce((line, next, index) => {
    const value = values[index - 1] ?? [];
    return value.length === 0 && typeof value !== 'string'
      ? `${line.replace(/ $/, '')}${next}`
      : `${line}${[value].flat().map(quote).join(' ')}${next}`;
  });
}

/** One command of several, or what stands in place of the first of them that cannot be shown. */
export function joinCommands(
  commands: readonly string[],
  join: (commands: readonly string[]) => string,
): string {
  return commands.find((command) => !isCommand(command)) ?? join(commands);
}

/** `-n foo`, for `commandLine`; nothing where no namespace was given. */
export function inNamespace(namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [] : ['-n', namespace];
}

/** False: `commandLine` could not show it. */
export function isCommand(line: string): boolean {
  return !line.startsWith(mark);
}

function quote(word: string): string {
  // zsh takes a word that begins with = for the path of a program.
  return /^(?!=)[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function withoutCommand(value: string): string {
  return `${mark}no command is shown: ${quote(sanitize(value))} holds characters that a terminal hides, and -o json shows`;
}

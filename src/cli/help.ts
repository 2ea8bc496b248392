/** Help texts in kubectl's layout, 80 columns wide. */
import type { Command, CommandEntry, Flag, Flags } from './command.ts';
import { globalFlags } from './global-flags.ts';
import { longName } from './tokens.ts';

type Row = Pick<CommandEntry, 'name' | 'summary'>;

const width = 80;
const program = 'kubectl stash';
const globalFlagsNote = `Use "${program} options" for a list of global flags.`;

/** What `kubectl stash --help` prints. */
export function overviewHelp(commands: readonly Pick<CommandEntry, 'name' | 'summary' | 'hidden'>[]): string {
  const rows = [
    ...groupedRows(commands.filter(({ hidden }) => hidden !== true)),
    { name: 'help', summary: 'Help about a command' },
    { name: 'options', summary: 'List the flags that every command takes' },
  ];
  return paragraphs(
    wrap(
      'Snapshot and restore the volumes of workloads on Kubernetes: take a point-in-time CSI VolumeSnapshot of ' +
        'every volume of a workload, and restore the volumes from it.',
    ),
    section('Commands', commandRows(rows)),
    section('Usage', [`${program} COMMAND [flags]`]),
    `Use "${program} COMMAND --help" for more information about a command.\n${globalFlagsNote}`,
  );
}

/** Commands that begin with the same word share a row, at the place of the first. */
function groupedRows(commands: readonly Row[]): Row[] {
  const groups = Map.groupBy(commands, ({ name }) => name.split(' ')[0] ?? '');
  return [...groups].flatMap(([name, members]) => {
    const isGroup = members.every((member) => member.name !== name);
    return isGroup ? { name, summary: groupSummary(name, members) } : members;
  });
}

/** `Create a backup configuration or a restore session` */
function groupSummary(name: string, members: readonly Row[]): string {
  const verb = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const things = members.map((member) => {
    const word = member.name.slice(name.length + 1);
    return `a ${kindWords[word] ?? word}`;
  });
  return `${verb} ${things.join(' or ')}`;
}

/** Names of kinds in separate words. */
const kindWords: Readonly<Record<string, string>> = {
  backupconfiguration: 'backup configuration',
  restoresession: 'restore session',
};

/** What `kubectl stash NAME --help` prints if several commands begin with NAME. */
export function groupHelp(name: string, commands: readonly Row[]): string {
  return paragraphs(
    section('Commands', commandRows(commands)),
    section('Usage', [`${program} ${name} COMMAND [flags]`]),
    `Use "${program} ${name} COMMAND --help" for more information about a command.\n${globalFlagsNote}`,
  );
}

function commandRows(commands: readonly Row[]): string[] {
  const column = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return commands.map(({ name, summary }) => `${name.padEnd(column)}${summary}`);
}

export function commandHelp(command: Command): string {
  const flags = flagRows(command.flags);
  return paragraphs(
    command.description
      .split(/\n\s*\n/)
      .map(wrap)
      .join('\n\n'),
    command.examples.length === 0
      ? undefined
      : section('Examples', command.examples.join('\n\n').split('\n')),
    flags.length === 0 ? undefined : section('Flags', flags),
    section('Usage', [`${program} ${command.usage}`]),
    globalFlagsNote,
  );
}

/** What `kubectl stash options` prints. */
export function globalFlagsHelp(): string {
  return paragraphs(wrap('Every command takes these flags:'), flagRows(globalFlags).map(indent).join('\n'));
}

function paragraphs(...texts: (string | undefined)[]): string {
  return `${texts.filter((text) => text !== undefined).join('\n\n')}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map(indent)].join('\n');
}

function indent(line: string): string {
  return line === '' ? '' : `  ${line}`;
}

/** The flags that help shows, by name. */
export function shownFlags(flags: Flags): [name: string, flag: Flag][] {
  return Object.entries(flags)
    .filter(([, { hidden }]) => hidden !== true)
    .sort(([one], [other]) => (longName(one) < longName(other) ? -1 : 1));
}

/** Two columns: the flag and its description. A flag that is too wide for its column has a line to itself. */
function flagRows(flags: Flags): string[] {
  const column = 30;
  return shownFlags(flags).flatMap(([name, flag]) => {
    const left = `${flag.alias === undefined ? '   ' : `-${flag.alias},`} --${longName(name)}${valueText(flag)}`;
    const right = wrapLines(flagText(flag), width - column - 2).map((line) => ' '.repeat(column) + line);
    const [first = '', ...rest] = right;
    return left.length + 2 > column ? [left, ...right] : [left + first.slice(left.length), ...rest];
  });
}

/** `=NAME`, or `=one|other` for a flag with choices. */
export function valueText(flag: Flag): string {
  if (flag.type === 'boolean') return flag.default === true ? '=true' : '';
  if (flag.type === 'string' && flag.choices !== undefined) return `=${flag.choices.join('|')}`;
  return `=${flag.valueName ?? flag.type.replace(/\W/g, '').toUpperCase()}`;
}

function flagText(flag: Flag): string {
  const standard = defaultText(flag);
  return standard === undefined ? flag.description : `${flag.description} Default: ${standard}.`;
}

/** The value that a flag has if it is left out; undefined if it then has none, or is a switch. */
export function defaultText(flag: Flag): string | undefined {
  if (flag.type === 'boolean' || flag.type === 'string[]' || flag.default === undefined) return undefined;
  return String(flag.default);
}

function wrap(text: string): string {
  return wrapLines(text, width).join('\n');
}

function wrapLines(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

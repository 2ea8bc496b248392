/** The page of one command: what its help says, its exit codes, and the rights that it needs. */
import type { Command, Flags } from '#src/cli/command.ts';
import { defaultText, shownFlags, valueText } from '#src/cli/help.ts';
import { longName } from '#src/cli/tokens.ts';

import { exitCodesOf } from './exit-codes.ts';
import { code, page, prose, shell, table } from './markdown.ts';

/** `snapshot.md`, `list-schedules.md` */
export function commandFile(name: string): string {
  return `${name.replaceAll(' ', '-')}.md`;
}

/** `rights`: the section on them. */
export function commandPage(command: Command, rights: string): string {
  const { name, usage, description, examples, flags } = command;
  return page(`kubectl stash ${name}`, `the command in \`src/commands\``, [
    shell(`kubectl stash ${usage}`),
    ...description.split(/\n\s*\n/).map((paragraph) => prose(paragraph.replaceAll(/\s+/g, ' ').trim())),
    ...(examples.length === 0 ? [] : ['## Examples', shell(examples.join('\n\n'))]),
    '## Flags',
    ...flagsOf(flags),
    'It also takes the [flags of every command](options.md).',
    '## Exit codes',
    table(['code', 'meaning'], exitCodesOf(name)),
    '## Rights',
    rights,
  ]);
}

export function optionsPage(globalFlags: Flags): string {
  return page('Flags of every command', '`src/cli/global-flags.ts`', [
    'They may stand before or after the name of the command. The command `options` prints them.',
    ...flagsOf(globalFlags),
  ]);
}

function flagsOf(flags: Flags): string[] {
  const shown = shownFlags(flags);
  if (shown.length === 0) return [];
  const rows = shown.map(([name, flag]) => {
    const long = `--${longName(name)}`;
    const choices = flag.type === 'string' ? flag.choices : undefined;
    const written = choices === undefined ? `${long}${valueText(flag)}` : long;
    const standard = defaultText(flag);
    return [
      [...(flag.alias === undefined ? [] : [`-${flag.alias}`]), written].map(code).join(', '),
      [
        prose(flag.description),
        ...(choices === undefined ? [] : [`One of ${choices.map(code).join(', ')}.`]),
        ...(standard === undefined ? [] : [`Default: ${code(standard)}.`]),
      ].join(' '),
    ];
  });
  return [table(['flag', 'what it does'], rows)];
}

/** The list of all commands, as `kubectl stash --help` has it. */
import type { CommandEntry } from '#src/cli/command.ts';

import { commandFile } from './command-page.ts';
import { code, page, table } from './markdown.ts';

export function commandsPage(commands: readonly CommandEntry[]): string {
  return page('Commands', '`src/commands/index.ts`', [
    'With `--help`, a command prints what its page says. All commands take [these flags](options.md).',
    table(
      ['command', 'what it does'],
      commands.map(({ name, summary }) => [`[${code(name)}](${commandFile(name)})`, summary]),
    ),
  ]);
}

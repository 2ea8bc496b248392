/** All pages of the documentation that are printed from the code. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stashCrds } from '#src/api/crds/index.ts';
import { globalFlags } from '#src/cli/global-flags.ts';
import { commands } from '#src/commands/index.ts';

import { project } from '../package/project.ts';
import { apiFile, apiPage } from './api-page.ts';
import { commandFile, commandPage, optionsPage } from './command-page.ts';
import { commandsPage } from './commands-page.ts';
import { conditionsPage } from './conditions-page.ts';
import { readRights } from './documented-rights.ts';
import { exitCodesPage } from './exit-codes.ts';
import { rightsOf, rightsTables } from './rights.ts';

/** Folders of `docs` in which every page is printed. */
export const printedFolders = ['reference/commands', 'reference/api'] as const;

/** Resolves with the content of each page by its path in `docs`. */
export async function printedPages(): Promise<ReadonlyMap<string, string>> {
  const shown = commands.filter(({ hidden }) => hidden !== true);
  const names = shown.map(({ name }) => name);
  const permissions = await readFile(join(project, 'docs/rbac.md'), 'utf8');
  const rights = rightsTables.flatMap((heading) => readRights(permissions, heading));
  const pages = await Promise.all(
    shown.map(async (entry): Promise<readonly [path: string, text: string]> => {
      const text = commandPage(await entry.load(), rightsOf(entry.name, rights, names));
      return [`reference/commands/${commandFile(entry.name)}`, text];
    }),
  );
  return new Map([
    ...pages,
    ['reference/commands/index.md', commandsPage(shown)],
    ['reference/commands/options.md', optionsPage(globalFlags)],
    ['reference/exit-codes.md', exitCodesPage()],
    ['reference/conditions.md', conditionsPage()],
    ...stashCrds.map((definition) => [`reference/api/${apiFile(definition)}`, apiPage(definition)] as const),
  ]);
}

/** All pages of the documentation that are printed from the code. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { stashCrds } from '#src/api/crds/index.ts';
import { globalFlags } from '#src/cli/global-flags.ts';
import { commands } from '#src/commands/index.ts';

import { project } from '../package/project.ts';
import { apiFile, apiPage } from './api-page.ts';
import { commandFile, commandPage, optionsPage } from './command-page.ts';
import { commandsPage } from './commands-page.ts';
import { conditionsPage } from './conditions-page.ts';
import { checksPart } from './doctor-part.ts';
import { readRights } from './documented-rights.ts';
import { exitCodesPage } from './exit-codes.ts';
import { metricsPart } from './metrics-part.ts';
import { withPrintedParts } from './printed-parts.ts';
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
    await partlyPrinted('reference/doctor.md', { checks: checksPart() }),
    await partlyPrinted('metrics.md', { metrics: metricsPart(), alerts: await alertsPart() }),
  ]);
}

/** What is written by hand stays as it is now. */
async function partlyPrinted(
  path: string,
  parts: Readonly<Record<string, string>>,
): Promise<readonly [path: string, text: string]> {
  const file = join(project, 'docs', path);
  const text = withPrintedParts(await readFile(file, 'utf8'), new Map(Object.entries(parts)));
  return [path, await format(text, { ...(await resolveConfig(file)), filepath: file })];
}

async function alertsPart(): Promise<string> {
  const file = join(project, 'charts', 'kubectl-stash', 'alerts.yaml');
  return `\`\`\`yaml\n${await readFile(file, 'utf8')}\`\`\``;
}

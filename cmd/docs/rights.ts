/** The section of a command's page that says which rights the command needs. */
import { code, table } from './markdown.ts';
import type { DocumentedRight } from './documented-rights.ts';

/** Headings of the tables of `docs/rbac.md` that concern users. */
export const rightsTables = [
  'The Role, verb by verb',
  'The optional Roles, verb by verb',
  'Doctor, verb by verb',
  'Files of restore points, verb by verb',
  'Restore in place, verb by verb',
] as const;

const permissions = '[Permissions](../../rbac.md)';

/** Commands that no table names, or not with all that they read. */
const words: Readonly<Record<string, string>> = {
  describe: `It only reads, and writes \`unknown\` and the missing verb in place of what you may not read: ${permissions}.`,
  doctor: `Each check has its own: [what doctor checks](../doctor.md). \`--probe\` needs [more](../../rbac.md#the-role-verb-by-verb).`,
  unpin: 'The same as [`pin`](pin.md).',
  install:
    'To read, create and patch the objects that it prints with `-o yaml`. It names what you lack before it writes anything.',
  uninstall: 'To read and delete what was installed. It names what you lack before it deletes anything.',
  sandbox: 'None: it needs no cluster.',
  completion: 'None. When you press Tab, names are proposed of the objects that you may list.',
  version: 'None: what you may not read is left out.',
};

/** `rights`: all rows of the tables. `commands`: the names of all commands. */
export function rightsOf(
  command: string,
  rights: readonly DocumentedRight[],
  commands: readonly string[],
): string {
  const needs = rights.flatMap(({ verb, resource, neededBy }) =>
    neededBy
      .filter((line) => commandNamed(line, commands) === command)
      .map((line) => ({ line, resource, verb })),
  );
  const rows = [...Map.groupBy(needs, ({ line, resource }) => `${line}\n${resource}`).values()].map(
    (verbs) => {
      const [{ line, resource } = { line: '', resource: '' }] = verbs;
      return [code(line), resource, verbs.map(({ verb }) => verb).join(', ')];
    },
  );
  const told = words[command];
  if (rows.length === 0 && told === undefined) {
    throw new Error(`${command}: neither docs/rbac.md nor cmd/docs/rights.ts says which rights it needs`);
  }
  return [
    ...(told === undefined ? [] : [told]),
    ...(rows.length === 0
      ? []
      : [
          `It fails without these, before it writes anything. Others only improve what it prints: ${permissions}.`,
          table(['for', 'resource', 'verbs'], rows),
        ]),
  ].join('\n\n');
}

/** `delete schedule` for a line of that command, although there is a command `delete`. */
function commandNamed(line: string, commands: readonly string[]): string | undefined {
  return commands
    .filter((name) => line === name || line.startsWith(`${name} `))
    .reduce<string | undefined>(
      (longest, name) => (name.length > (longest?.length ?? 0) ? name : longest),
      undefined,
    );
}

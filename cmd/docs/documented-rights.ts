/** Reads the tables of `docs/rbac.md`: by them, the end-to-end suite tests what each command needs. */

export interface DocumentedRight {
  readonly verb: string;
  /** For example `backupsessions.stash.appscode.com/status`. */
  readonly resource: string;
  /** Commands that fail without this right. */
  readonly neededBy: readonly string[];
}

/** Returns one entry per verb and resource of the table below a level-two heading. */
export function readRights(markdown: string, heading: string): DocumentedRight[] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
  return rows.flatMap((row) => {
    const [resources = '', verb = '', neededBy = ''] = row
      .slice(1)
      .replaceAll('`', '')
      .split('|')
      .map((cell) => cell.trim());
    return listed(resources).map((resource) => ({ verb, resource, neededBy: listed(neededBy) }));
  });
}

function listed(cell: string): string[] {
  return cell === '' ? [] : cell.split(', ');
}

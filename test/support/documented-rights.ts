/** Reads the tables of `docs/rbac.md` and the rules of `docs/rbac/*.yaml` in one format. */
import type { Rule } from './rbac.ts';

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

/** Returns `verb resource` for each permission that the rules grant. */
export function permissionsOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${qualified(resource, group)}`)),
    ),
  );
}

/** Returns the rules without one permission, split so that each has one verb and one resource. */
export function without(rules: readonly Rule[], permission: string): Rule[] {
  return rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({ apiGroups: [group], resources: [resource], verbs: [verb] })),
        ),
      ),
    )
    .filter((rule) => !permissionsOf([rule]).includes(permission));
}

function qualified(resource: string, group: string): string {
  const [plural = '', subresource] = resource.split('/');
  return `${plural}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
}

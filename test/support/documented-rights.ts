/** The rules of `docs/rbac/*.yaml` in the format of the tables of `docs/rbac.md`. */
import type { Rule } from './rbac.ts';

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

/** Checks whether the user has the rights that a session needs, before the command writes anything. */
import type { SelfSubjectRulesReview } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';

export interface Right {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
  readonly resource: Resource;
  readonly subresource?: 'status' | 'exec' | 'scale';
}

/**
 * Returns the rights in `needed` that a SelfSubjectRulesReview does not list for its namespace. If the review is
 * incomplete, because webhook authorizers cannot list their rules, the user may have these rights nevertheless.
 */
export function missingRights({ status }: SelfSubjectRulesReview, needed: readonly Right[]): Right[] {
  if (status === undefined) return [];
  return needed.filter(
    (right) =>
      !status.resourceRules.some(
        (rule) =>
          // A rule with resourceNames does not cover objects that are created later.
          (rule.resourceNames ?? []).length === 0 &&
          covers(rule.verbs, right.verb) &&
          covers(rule.apiGroups, right.resource.group) &&
          coversResource(rule.resources, right),
      ),
  );
}

/** `patch backupsessions.stash.appscode.com/status`. */
export function formatRight({ verb, resource, subresource }: Right): string {
  const group = resource.group === '' ? '' : `.${resource.group}`;
  return `${verb} ${resource.plural}${group}${subresource === undefined ? '' : `/${subresource}`}`;
}

function covers(granted: readonly string[] | undefined, wanted: string): boolean {
  return granted?.some((value) => value === '*' || value === wanted) ?? false;
}

function coversResource(granted: readonly string[] | undefined, { resource, subresource }: Right): boolean {
  if (subresource === undefined) return covers(granted, resource.plural);
  return covers(granted, `${resource.plural}/${subresource}`) || covers(granted, `*/${subresource}`);
}

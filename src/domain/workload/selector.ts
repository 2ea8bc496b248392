/** Matches label selectors of workloads: a LabelSelector, or the plain map of a ReplicationController. */
import type { LabelSelector, NodeRequirement } from '#src/api/kubernetes.ts';
import { assertNever } from '#src/errors.ts';

import type { WorkloadParts } from './kinds.ts';

type Selector = WorkloadParts['selector'];
type Labels = Readonly<Record<string, string>>;

/**
 * Returns the selector as a label query: `app=foo,tier in (a,b),!legacy`. An empty or absent selector gives '', which
 * selects all.
 */
export function formatSelector(selector: Selector): string {
  const { matchLabels = {}, matchExpressions = [] } = asLabelSelector(selector);
  const equals = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    switch (operator) {
      case 'In':
        return `${key} in (${values.join(',')})`;
      case 'NotIn':
        return `${key} notin (${values.join(',')})`;
      case 'Exists':
        return key;
      case 'DoesNotExist':
        return `!${key}`;
    }
  });
  return [...equals, ...expressions].join(',');
}

/**
 * Whether the selector matches the labels. As in Kubernetes, an empty selector matches all labels, and an absent
 * selector none.
 */
export function matches(selector: Selector, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  const has = new Map(Object.entries(labels ?? {}));
  const { matchLabels = {}, matchExpressions = [] } = asLabelSelector(selector);
  return (
    Object.entries(matchLabels).every(([key, value]) => has.get(key) === value) &&
    matchExpressions.every((it) => meets(it, has.get(it.key)))
  );
}

/**
 * Whether the value of a node's label or field meets the requirement. `value` is undefined if the node has no such
 * label.
 */
export function meets({ operator, values = [] }: NodeRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return assertNever(operator);
  }
}

function asLabelSelector(selector: Selector): LabelSelector {
  return isPlainMap(selector) ? { matchLabels: selector } : (selector ?? {});
}

function isPlainMap(selector: Selector): selector is Record<string, string> {
  return selector !== undefined && Object.values(selector).every((value) => typeof value === 'string');
}

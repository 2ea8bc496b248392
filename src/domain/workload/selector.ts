/** Label selectors of workloads: a LabelSelector, or the plain map of a ReplicationController. */
import type { LabelSelector, NodeRequirement } from '#src/api/kubernetes.ts';
import { assertNever } from '#src/errors.ts';

import type { WorkloadParts } from './kinds.ts';

type Selector = WorkloadParts['selector'];
type Labels = Readonly<Record<string, string>>;

/** The selector as a label query: `app=foo,tier in (a,b),!legacy`; '', which selects all, for an empty or absent one. */
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

/** Whether the selector matches the labels. As in Kubernetes, an empty selector matches all, an absent one none. */
export function matches(selector: Selector, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  const has = new Map(Object.entries(labels ?? {}));
  const { matchLabels = {}, matchExpressions = [] } = asLabelSelector(selector);
  return (
    Object.entries(matchLabels).every(([key, value]) => has.get(key) === value) &&
    matchExpressions.every((it) => meets(it, has.get(it.key)))
  );
}

/** Whether the value of a label, or of a node's field, meets what is required of it; undefined if there is no such label. */
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

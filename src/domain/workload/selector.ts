/** Label selectors of workloads: a LabelSelector, or the plain map of a ReplicationController. */
import type { LabelSelector } from '#src/api/kubernetes.ts';

type Selector = LabelSelector | Record<string, string> | undefined;
type Labels = Readonly<Record<string, string>>;

/** As a label query: `app=foo,tier in (a,b),!legacy`. Empty (which selects all) for an empty or absent selector. */
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

/** Whether it selects these labels. As in Kubernetes an empty selector selects all, an absent one nothing. */
export function matches(selector: Selector, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  const has = new Map(Object.entries(labels ?? {}));
  const { matchLabels = {}, matchExpressions = [] } = asLabelSelector(selector);
  return (
    Object.entries(matchLabels).every(([key, value]) => has.get(key) === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = has.get(key);
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}

function asLabelSelector(selector: Selector): LabelSelector {
  return isPlainMap(selector) ? { matchLabels: selector } : (selector ?? {});
}

function isPlainMap(selector: Selector): selector is Record<string, string> {
  return selector !== undefined && Object.values(selector).every((value) => typeof value === 'string');
}

/**
 * Keeps the rules of aggregated ClusterRoles up to date: those of the roles that `aggregationRule` selects.
 */
import { isDeepStrictEqual } from 'node:util';

import { clusterRoles } from '#src/api/resources.ts';

import type { Api } from '../api.ts';
import { listAt, objectAt, stringAt } from '../json.ts';
import { collectionOf } from '../kind.ts';
import type { StoredObject } from '../object.ts';
import { parseLabelSelector, type Matcher } from '../selectors.ts';

const collection = collectionOf(clusterRoles);

/** Runs in microtasks, until the returned function is called. */
export function startRoleAggregation({ store }: Pick<Api, 'store'>): () => void {
  let isDue = false;
  const aggregate = (): void => {
    isDue = false;
    const all = store.list(collection);
    for (const role of all) {
      const selectors = listAt(role, 'aggregationRule', 'clusterRoleSelectors').map(matcherOf);
      if (role['aggregationRule'] === undefined) continue;
      const rules = rulesOf(all, role, selectors);
      if (!isDeepStrictEqual(rules, listAt(role, 'rules'))) store.put(collection, { ...role, rules });
    }
  };
  const schedule = (): void => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(aggregate);
  };
  schedule();
  return store.subscribe(collection, schedule);
}

/** Returns each rule once, in the order of the role's selectors. */
function rulesOf(
  all: readonly StoredObject[],
  role: StoredObject,
  selectors: readonly Matcher[][],
): unknown[] {
  const rules: unknown[] = [];
  for (const matchers of selectors) {
    const selected = all.filter((each) => each !== role && matchers.every((matches) => matches(each)));
    for (const rule of selected.flatMap((each) => listAt(each, 'rules'))) {
      if (!rules.some((known) => isDeepStrictEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}

function matcherOf(selector: unknown): Matcher[] {
  const equal = Object.entries(objectAt(selector, 'matchLabels')).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  const expressions = listAt(selector, 'matchExpressions').map((expression) => {
    const key = stringAt(expression, 'key') ?? '';
    const values = listAt(expression, 'values').map(String).join(',');
    switch (stringAt(expression, 'operator') ?? '') {
      case 'In':
        return `${key} in (${values})`;
      case 'NotIn':
        return `${key} notin (${values})`;
      case 'DoesNotExist':
        return `!${key}`;
      default:
        return key;
    }
  });
  return parseLabelSelector([...equal, ...expressions].join(','));
}

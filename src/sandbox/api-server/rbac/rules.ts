/** One rule of a role: what it allows, and whether other rules cover it. */
import { listAt, objectAt } from '../json.ts';

export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  /** With subresources, such as `backupsessions/status`. */
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** The attributes of a request that decide which right it needs. */
export type Attributes =
  | {
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      /** Empty for a collection, and for a create. */
      readonly name: string;
      /** Empty at cluster scope. */
      readonly namespace: string;
      readonly path?: undefined;
    }
  | { readonly verb: string; readonly path: string };

export function rulesOf(role: unknown): Rule[] {
  return listAt(role, 'rules').map(readRule);
}

function readRule(rule: unknown): Rule {
  const words = (field: string): string[] =>
    listAt(objectAt(rule), field).filter((word) => typeof word === 'string');
  return {
    verbs: words('verbs'),
    apiGroups: words('apiGroups'),
    resources: words('resources'),
    resourceNames: words('resourceNames'),
    nonResourceURLs: words('nonResourceURLs'),
  };
}

/** Returns true if the rule allows the request. */
export function allows(rule: Rule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (attributes.path !== undefined) {
    const { path } = attributes;
    return rule.nonResourceURLs.some((url) => coversUrl(url, path));
  }
  const { group, resource, subresource, name } = attributes;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return (
    has(rule.apiGroups, group) &&
    coversResource(rule.resources, whole) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

function has(words: readonly string[], word: string): boolean {
  return words.includes('*') || words.includes(word);
}

/** A `*` covers all resources; with `/status` after it, the status of all resources. */
function coversResource(resources: readonly string[], resource: string): boolean {
  const slash = resource.indexOf('/');
  return has(resources, resource) || (slash > 0 && resources.includes(`*${resource.slice(slash)}`));
}

function coversUrl(url: string, path: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
}

/**
 * Returns the part of `rules` that no rule in `owned` covers, split into rules of one verb, one resource and
 * at most one name.
 */
export function uncovered(owned: readonly Rule[], rules: readonly Rule[]): Rule[] {
  return rules.flatMap(single).filter((rule) => !owned.some((owner) => covers(owner, rule)));
}

function single(rule: Rule): Rule[] {
  const none = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  const ofResources = rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      rule.verbs.flatMap((verb) =>
        names.map((resourceNames) => ({
          ...none,
          ...{ verbs: [verb], apiGroups: [group], resources: [resource], resourceNames },
        })),
      ),
    ),
  );
  const ofUrls = rule.nonResourceURLs.flatMap((url) =>
    rule.verbs.map((verb) => ({ ...none, verbs: [verb], nonResourceURLs: [url] })),
  );
  return [...ofResources, ...ofUrls];
}

/** `rule` has one verb, one resource and at most one name. */
function covers(owner: Rule, rule: Rule): boolean {
  return (
    rule.verbs.every((verb) => has(owner.verbs, verb)) &&
    rule.apiGroups.every((group) => has(owner.apiGroups, group)) &&
    rule.resources.every((resource) => coversResource(owner.resources, resource)) &&
    rule.nonResourceURLs.every((url) => owner.nonResourceURLs.some((owned) => coversUrl(owned, url))) &&
    (owner.resourceNames.length === 0 ||
      (rule.resourceNames.length > 0 &&
        rule.resourceNames.every((name) => owner.resourceNames.includes(name))))
  );
}

/** Returns single rules in the real server's words: one line for each resource and name. */
export function describeRules(rules: readonly Rule[]): string[] {
  const lines = Map.groupBy(rules, ({ apiGroups, resources, resourceNames, nonResourceURLs }) =>
    nonResourceURLs.length > 0
      ? Symbol('each by itself')
      : JSON.stringify([apiGroups, resources, resourceNames]),
  );
  return [...lines.values()]
    .flatMap(([first, ...more]) =>
      first === undefined
        ? []
        : describe({ ...first, verbs: [first, ...more].flatMap(({ verbs }) => verbs) }),
    )
    .sort();
}

function describe(rule: Rule): string {
  const { apiGroups, resources, nonResourceURLs, resourceNames, verbs } = rule;
  const parts = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  });
  const shown = parts
    .filter(([, words]) => words.length > 0)
    .map(([name, words]) => `${name}:${quoted(words)}`);
  return `{${shown.join(', ')}}`;
}

/** Formats a list of strings as Go does. */
export function quoted(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;
}

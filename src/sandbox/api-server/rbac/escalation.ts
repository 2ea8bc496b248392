/**
 * Prevents privilege escalation: users may only grant rights that they have themselves, unless they may
 * `escalate` or `bind` the role.
 */
import { isDeepStrictEqual } from 'node:util';

import { stringAt } from '../json.ts';
import { collectionOf, type Kind } from '../kind.ts';
import type { ApiObject } from '../object.ts';
import { ApiError, forbidden } from '../status.ts';
import type { Store } from '../store.ts';
import type { User } from '../tokens.ts';
import { decide, isMaster } from './authorize.ts';
import { grantsOf, rbacGroup, rulesOfReference } from './resolve.ts';
import { describeRules, quoted, rulesOf, uncovered, type Rule } from './rules.ts';

/** Throws Forbidden. `before` is left out for a create, `user` for the sandbox itself. */
export function checkEscalation(
  store: Store,
  kind: Kind,
  { before, after }: { readonly before?: ApiObject | undefined; readonly after: ApiObject },
  user: User | undefined,
): void {
  if (user === undefined || isMaster(user)) return;
  const write = { store, kind, before, after, user };
  switch (collectionOf(kind)) {
    case `${rbacGroup}/roles`:
    case `${rbacGroup}/clusterroles`:
      if (changes(write, 'rules', 'aggregationRule')) checkRole(write);
      break;
    case `${rbacGroup}/rolebindings`:
    case `${rbacGroup}/clusterrolebindings`:
      if (changes(write, 'roleRef', 'subjects')) checkBinding(write);
      break;
    default:
  }
}

interface Write {
  readonly store: Store;
  readonly kind: Kind;
  /** Undefined if it is created. */
  readonly before: ApiObject | undefined;
  readonly after: ApiObject;
  readonly user: User;
}

function changes({ before, after }: Write, ...fields: readonly string[]): boolean {
  return before === undefined || fields.some((field) => !isDeepStrictEqual(before[field], after[field]));
}

const everything: readonly Rule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] },
  { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] },
];

function checkRole({ store, kind, before, after, user }: Write): void {
  const { name = '', namespace = '' } = after.metadata;
  const role = { group: rbacGroup, resource: kind.plural, subresource: '', namespace };
  // A create request carries no name, so a right to one role by name does not apply.
  const named = { ...role, name: before === undefined ? '' : name };
  if (decide(store, user, { ...named, verb: 'escalate' }).allowed) return;
  requireRights(store, user, namespace, rulesOf(after), (why) => forbidden(kind, name, why));
  if (after['aggregationRule'] === undefined) return;
  requireRights(store, user, namespace, everything, (why) =>
    forbidden(kind, name, `must have cluster-admin privileges to use the aggregationRule: ${why}`),
  );
}

function checkBinding({ store, kind, after, user }: Write): void {
  const { name = '', namespace = '' } = after.metadata;
  const reference = after['roleRef'];
  const resource = `${stringAt(reference, 'kind')?.toLowerCase() ?? ''}s`;
  const role = stringAt(reference, 'name') ?? '';
  const attributes = { group: rbacGroup, resource, subresource: '', name: role, namespace };
  if (decide(store, user, { ...attributes, verb: 'bind' }).allowed) return;
  const found = rulesOfReference(store, reference, namespace);
  if (found.rules === undefined) {
    throw new ApiError(404, 'NotFound', found.missing, {
      name: role,
      group: rbacGroup,
      kind: resource.slice(0, -1),
    });
  }
  requireRights(store, user, namespace, found.rules, (why) => forbidden(kind, name, why));
}

function requireRights(
  store: Store,
  user: User,
  namespace: string,
  rules: readonly Rule[],
  refuse: (why: string) => ApiError,
): void {
  const { grants, errors } = grantsOf(store, user, namespace);
  const missing = uncovered(
    grants.map(({ rule }) => rule),
    rules,
  );
  if (missing.length === 0) return;
  const who = `user ${JSON.stringify(user.username)} (groups=${quoted(user.groups)})`;
  const what = `${who} is attempting to grant RBAC permissions not currently held:\n${describeRules(missing).join('\n')}`;
  throw refuse(errors.length === 0 ? what : `${what}; resolution errors: [${errors.join(' ')}]`);
}

/**
 * Finds the rules that apply to a user: those of all roles bound to the user or to one of the user's groups.
 */
import { listAt, stringAt } from '../json.ts';
import type { StoredObject } from '../object.ts';
import type { Store } from '../store.ts';
import type { User } from '../tokens.ts';
import { rulesOf, type Rule } from './rules.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';

export interface Grant {
  readonly rule: Rule;
  /** Describes the binding in the real server's words. */
  readonly by: string;
}

export interface Grants {
  readonly grants: readonly Grant[];
  /** Roles that are bound but do not exist. */
  readonly errors: readonly string[];
}

/** Returns the user's rules; `namespace` is empty at cluster scope. */
export function grantsOf(store: Store, user: User, namespace: string): Grants {
  const everywhere = store.list(`${rbacGroup}/clusterrolebindings`);
  const here = namespace === '' ? [] : store.list(`${rbacGroup}/rolebindings`, namespace);
  const grants: Grant[] = [];
  const errors: string[] = [];
  for (const binding of [...everywhere, ...here]) {
    const within = binding.metadata.namespace ?? '';
    const subject = listAt(binding, 'subjects').find((each) => appliesTo(each, user, within));
    if (subject === undefined) continue;
    const found = rulesOfReference(store, binding['roleRef'], within);
    if (found.rules === undefined) errors.push(found.missing);
    else grants.push(...found.rules.map((rule) => ({ rule, by: describe(binding, subject) })));
  }
  return { grants, errors };
}

function appliesTo(subject: unknown, { username, groups }: User, bindingNamespace: string): boolean {
  const name = stringAt(subject, 'name') ?? '';
  switch (stringAt(subject, 'kind') ?? '') {
    case 'User':
      return username === name;
    case 'Group':
      return groups.includes(name);
    case 'ServiceAccount': {
      const namespace = stringAt(subject, 'namespace') ?? bindingNamespace;
      return namespace !== '' && username === `system:serviceaccount:${namespace}:${name}`;
    }
    default:
      return false;
  }
}

export type Referred =
  { readonly rules: readonly Rule[] } | { readonly rules?: undefined; readonly missing: string };

/** Returns the rules of the role that a binding in this namespace refers to. */
export function rulesOfReference(store: Store, reference: unknown, namespace: string): Referred {
  const kind = stringAt(reference, 'kind') ?? '';
  const name = stringAt(reference, 'name') ?? '';
  if (kind !== 'Role' && kind !== 'ClusterRole')
    return { missing: `unsupported role reference kind: ${JSON.stringify(kind)}` };
  const role =
    kind === 'Role'
      ? store.get(`${rbacGroup}/roles`, name, namespace)
      : store.get(`${rbacGroup}/clusterroles`, name);
  if (role !== undefined) return { rules: rulesOf(role) };
  return { missing: `${kind.toLowerCase()}.${rbacGroup} ${JSON.stringify(name)} not found` };
}

function describe(binding: StoredObject, subject: unknown): string {
  const { kind, metadata } = binding;
  const { name, namespace } = metadata;
  const whole = namespace === undefined ? name : `${name}/${namespace}`;
  const role = `${stringAt(binding, 'roleRef', 'kind') ?? ''} ${quote(stringAt(binding, 'roleRef', 'name'))}`;
  return `${kind} ${quote(whole)} of ${role} to ${describeSubject(subject, namespace ?? '')}`;
}

function describeSubject(subject: unknown, bindingNamespace: string): string {
  const kind = stringAt(subject, 'kind') ?? '';
  const name = stringAt(subject, 'name') ?? '';
  if (kind !== 'ServiceAccount') return `${kind} ${quote(name)}`;
  return `${kind} ${quote(`${name}/${stringAt(subject, 'namespace') ?? bindingNamespace}`)}`;
}

function quote(text: string | undefined): string {
  return JSON.stringify(text ?? '');
}

/** Role-based access control: decides whether a request is allowed. */
import { ApiError } from '../status.ts';
import type { Store } from '../store.ts';
import type { User } from '../tokens.ts';
import { grantsOf } from './resolve.ts';
import { allows, type Attributes } from './rules.ts';

export interface Decision {
  readonly allowed: boolean;
  /** The binding that allows it, or the roles that were not found; may be empty. */
  readonly reason: string;
}

/** Members of this group may do everything, independent of roles. */
const mastersGroup = 'system:masters';

export function isMaster({ groups }: User): boolean {
  return groups.includes(mastersGroup);
}

/** Returns whether the user may do this, and why. */
export function decide(store: Store, user: User, attributes: Attributes): Decision {
  if (isMaster(user)) return { allowed: true, reason: '' };
  const namespace = attributes.path === undefined ? attributes.namespace : '';
  const { grants, errors } = grantsOf(store, user, namespace);
  const grant = grants.find(({ rule }) => allows(rule, attributes));
  if (grant) return { allowed: true, reason: `RBAC: allowed by ${grant.by}` };
  return { allowed: false, reason: errors.length === 0 ? '' : `RBAC: ${joinErrors(errors)}` };
}

/** Throws Forbidden, in the real server's words. */
export function authorize(store: Store, user: User, attributes: Attributes): void {
  const { allowed, reason } = decide(store, user, attributes);
  if (!allowed) throw forbiddenRequest(user, attributes, reason);
}

/** Joins several errors into one message. */
export function joinErrors(errors: readonly string[]): string {
  const [first = '', ...more] = new Set(errors);
  return more.length === 0 ? first : `[${[first, ...more].join(', ')}]`;
}

function forbiddenRequest({ username }: User, attributes: Attributes, reason: string): ApiError {
  const user = `User ${JSON.stringify(username)} cannot ${attributes.verb}`;
  const why = reason === '' ? '' : `: ${reason}`;
  if (attributes.path !== undefined) {
    const message = `forbidden: ${user} path ${JSON.stringify(attributes.path)}${why}`;
    return new ApiError(403, 'Forbidden', escaped(message), {});
  }
  const { group, resource, subresource, name, namespace } = attributes;
  const whole = JSON.stringify(subresource === '' ? resource : `${resource}/${subresource}`);
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const what = `${user} resource ${whole} in API group ${JSON.stringify(group)} ${where}${why}`;
  const of = group === '' ? resource : `${resource}.${group}`;
  const message = `${of}${name === '' ? '' : ` ${JSON.stringify(name)}`} is forbidden: ${what}`;
  return new ApiError(403, 'Forbidden', escaped(message), {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    kind: resource,
  });
}

/** Escapes HTML, as the real server does in every message. */
function escaped(message: string): string {
  return message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

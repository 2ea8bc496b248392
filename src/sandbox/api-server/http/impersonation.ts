/** Impersonation, which requires rights of its own. */
import type { IncomingMessage } from 'node:http';

import { authorize } from '../rbac/authorize.ts';
import { ApiError } from '../status.ts';
import type { Store } from '../store.ts';
import { groupsOfAccount, type User } from '../tokens.ts';

/** Returns the user as whom the server carries out the request. Throws Forbidden. */
export function actingUser(store: Store, user: User, { headersDistinct }: IncomingMessage): User {
  const one = (name: string): string => headersDistinct[name]?.[0] ?? '';
  const username = one('impersonate-user');
  const groups = headersDistinct['impersonate-group'] ?? [];
  const uid = one('impersonate-uid');
  const extra = Object.entries(headersDistinct).filter(([name]) => name.startsWith('impersonate-extra-'));
  if (username === '') {
    if (groups.length === 0 && uid === '' && extra.length === 0) return user;
    throw new ApiError(500, 'InternalError', 'requested groups or more without impersonating a user');
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  const may = (resource: string, name: string, more: object = {}): void => {
    const attributes = { verb: 'impersonate', group: '', resource, subresource: '', name, namespace: '' };
    authorize(store, user, { ...attributes, ...more });
  };
  if (account) may('serviceaccounts', account[2] ?? '', { namespace: account[1] });
  else may('users', username);
  for (const group of groups) may('groups', group);
  const group = 'authentication.k8s.io';
  for (const [name, values = []] of extra) {
    const subresource = decodeURIComponent(name.slice('impersonate-extra-'.length));
    for (const value of values) may('userextras', value, { group, subresource });
  }
  if (uid !== '') may('uids', uid, { group });
  return {
    username,
    ...(uid !== '' && { uid }),
    groups: withKnown(
      username,
      groups.length === 0 && account ? groupsOfAccount(account[1] ?? '') : [...groups],
    ),
  };
}

/** Adds one of the two groups that every user is in. */
function withKnown(username: string, groups: readonly string[]): string[] {
  const [known, unknown] = ['system:authenticated', 'system:unauthenticated'];
  if (groups.includes(known) || groups.includes(unknown)) return [...groups];
  return [...groups, username === anonymous.username ? unknown : known];
}

/** The user of a request without credentials. */
export const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

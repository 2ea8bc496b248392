/** Service account tokens, kept in memory only: after a restart of the sandbox, clients request new ones. */
import { createHash, randomBytes } from 'node:crypto';

import { serviceAccounts } from '#src/api/resources.ts';

import { check } from './field-errors.ts';
import { numberAt, objectAt } from './json.ts';
import { collectionOf } from './kind.ts';
import { timestamp, type ApiObject } from './object.ts';
import { invalid, notFound } from './status.ts';
import type { Store } from './store.ts';

export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

/** Returns the groups of each service account in a namespace. */
export function groupsOfAccount(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

export interface ServiceAccountName {
  readonly name: string;
  readonly namespace: string;
}

export interface IssuedToken {
  readonly token: string;
  /** RFC 3339. */
  readonly expirationTimestamp: string;
}

export interface Tokens {
  /** Throws NotFound if the account does not exist. */
  issue(account: ServiceAccountName, seconds: number): IssuedToken;
  /** Answers a TokenRequest. Throws NotFound, or Invalid for a lifetime under ten minutes. */
  answer(account: ServiceAccountName, request: unknown): ApiObject;
  /** Returns undefined for a token that was never issued or has expired, or whose account is deleted. */
  userOf(token: string): User | undefined;
}

interface Grant extends ServiceAccountName {
  readonly uid: string;
  readonly expires: number;
}

export function createTokens(store: Store, now: () => Date): Tokens {
  // Keyed by digest, so that the duration of a look-up reveals nothing about the tokens.
  const grants = new Map<string, Grant>();
  const digest = (token: string): string => createHash('sha256').update(token).digest('base64');
  const uidOf = ({ name, namespace }: ServiceAccountName): string | undefined =>
    store.get(collectionOf(serviceAccounts), name, namespace)?.metadata.uid;

  function issue({ name, namespace }: ServiceAccountName, seconds: number): IssuedToken {
    const uid = uidOf({ name, namespace });
    if (uid === undefined) throw notFound(serviceAccounts, name);
    const token = randomBytes(32).toString('base64url');
    const expires = now().getTime() + seconds * 1000;
    for (const [key, grant] of grants) if (grant.expires <= now().getTime()) grants.delete(key);
    grants.set(digest(token), { name, namespace, uid, expires });
    return { token, expirationTimestamp: timestamp(new Date(expires)) };
  }

  return {
    issue,
    answer(account, request) {
      const spec = objectAt(request, 'spec');
      const seconds = numberAt(spec, 'expirationSeconds') ?? 3600;
      const kind = {
        group: 'authentication.k8s.io',
        version: 'v1',
        kind: 'TokenRequest',
        plural: 'tokenrequests',
        namespaced: true,
      };
      const why = 'may not specify a duration less than 10 minutes';
      const wrong = check(seconds >= 600, 'spec.expirationSeconds', seconds, why);
      if (wrong.length > 0) throw invalid(kind, '', wrong);
      return {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { ...account, creationTimestamp: timestamp(now()) },
        spec: { audiences: ['https://kubernetes.default.svc'], ...spec, expirationSeconds: seconds },
        status: issue(account, seconds),
      };
    },
    userOf(token) {
      const grant = grants.get(digest(token));
      if (!grant || grant.expires <= now().getTime() || uidOf(grant) !== grant.uid) return undefined;
      const { name, namespace, uid } = grant;
      return {
        username: `system:serviceaccount:${namespace}:${name}`,
        uid,
        groups: [...groupsOfAccount(namespace), 'system:authenticated'],
      };
    },
  };
}

/** A request to the API: enough to send it, and to name it in messages. */
import { apiVersionOf, type Resource } from '#src/api/resources.ts';
import { StashError } from '#src/errors.ts';

import type { AnswerMemory } from './http.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';

export interface ApiRequest {
  readonly verb: Verb;
  /** Path and query. */
  readonly path: string;
  /** Left out for paths that are not resources: `/version`, `/apis`. */
  readonly resource?: Resource | undefined;
  readonly subresource?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string | undefined;
  /** Default `application/json`. */
  readonly accept?: string | undefined;
  /** Rejects with AnswerTooLong once an answer has more bytes. */
  readonly longest?: number | undefined;
  /** Where to keep the answer; left out: in memory of its own. */
  readonly memory?: AnswerMemory | undefined;
}

export type QueryValue = string | number | boolean | readonly string[] | undefined;

/**
 * Returns `?a=1&b=x`, or ''. Leaves out undefined values and repeats the key for each element of an array.
 */
export function query(values: Readonly<Record<string, QueryValue>>): string {
  const pairs = Object.entries(values).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((item): [string, string] => [
      key,
      String(item),
    ]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

interface Place {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** Returns for example `/apis/apps/v1/namespaces/demo/deployments/foo/status`. */
export function resourcePath(resource: Resource, at: Place): string {
  const segments = [
    ...(resource.group === '' ? ['api'] : ['apis']),
    ...apiVersionOf(resource).split('/'),
    ...(resource.namespaced && at.namespace !== undefined ? ['namespaces', at.namespace] : []),
    resource.plural,
    ...(at.name === undefined ? [] : [at.name]),
    ...(at.subresource === undefined ? [] : [at.subresource]),
  ];
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

/**
 * Like {@link resourcePath}, for one object or a new one. Throws 'bug' if the namespace or name is missing.
 */
export function exactPath(resource: Resource, at: Place): string {
  if (resource.namespaced && !at.namespace) {
    throw new StashError('bug', `${resource.kind} ${at.name ?? ''} was requested without a namespace`);
  }
  if (at.name === '') throw new StashError('bug', `a ${resource.kind} was requested without a name`);
  return resourcePath(resource, at);
}

/**
 * Returns `volumesnapshots.snapshot.storage.k8s.io` or `pods/exec`, as RBAC and `kubectl auth can-i` write
 * it.
 */
export function qualifiedPlural(request: Pick<ApiRequest, 'resource' | 'subresource'>): string {
  const { resource, subresource } = request;
  if (!resource) return '';
  const plural = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  return subresource === undefined ? plural : `${plural}/${subresource}`;
}

/** Returns `create volumesnapshots.snapshot.storage.k8s.io "foo" in namespace "demo"`. */
export function describeRequest(request: ApiRequest): string {
  return `${request.verb} ${describeObject(request)}`;
}

/** Returns `volumesnapshots.snapshot.storage.k8s.io "foo" in namespace "demo"`. */
export function describeObject(request: ApiRequest): string {
  const what = qualifiedPlural(request) || request.path.replace(/\?.*/, '');
  const name = request.name === undefined ? '' : ` "${request.name}"`;
  const where = request.namespace === undefined ? '' : ` in namespace "${request.namespace}"`;
  return `${what}${name}${where}`;
}

/** What is asked of the API: enough to send it, and enough to name it in a message. */
import { apiVersionOf, type Resource } from '#src/api/resources.ts';
import { StashError } from '#src/errors.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';

export interface ApiRequest {
  readonly verb: Verb;
  /** Path and query. */
  readonly path: string;
  /** Left out for what is no resource: `/version`, `/apis`. */
  readonly resource?: Resource | undefined;
  readonly subresource?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string | undefined;
  /** Default `application/json`. */
  readonly accept?: string | undefined;
}

export type QueryValue = string | number | boolean | readonly string[] | undefined;

/** `?a=1&b=x`, or nothing; undefined values are left out, arrays repeat. */
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

/** `/apis/apps/v1/namespaces/demo/deployments/foo/status`. */
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

/** As {@link resourcePath}, for one object or for a new one, which must have an exact place. */
export function exactPath(resource: Resource, at: Place): string {
  if (resource.namespaced && !at.namespace) {
    throw new StashError('bug', `${resource.kind} ${at.name ?? ''} was asked for without a namespace`);
  }
  if (at.name === '') throw new StashError('bug', `a ${resource.kind} was asked for without a name`);
  return resourcePath(resource, at);
}

/** `volumesnapshots.snapshot.storage.k8s.io`, `pods/exec`: as RBAC and `kubectl auth can-i` write it. */
export function qualifiedPlural(request: Pick<ApiRequest, 'resource' | 'subresource'>): string {
  const { resource, subresource } = request;
  if (!resource) return '';
  const plural = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  return subresource === undefined ? plural : `${plural}/${subresource}`;
}

/** `create volumesnapshots.snapshot.storage.k8s.io "foo" in namespace "demo"`. */
export function describeRequest(request: ApiRequest): string {
  return `${request.verb} ${subject(request)}`;
}

/** `volumesnapshots.snapshot.storage.k8s.io "foo" in namespace "demo"`. */
export function subject(request: ApiRequest): string {
  const what = qualifiedPlural(request) || request.path.replace(/\?.*/, '');
  const name = request.name === undefined ? '' : ` "${request.name}"`;
  const where = request.namespace === undefined ? '' : ` in namespace "${request.namespace}"`;
  return `${what}${name}${where}`;
}

/** Reads from method and path which right a request needs. The kind need not exist. */
import type { Attributes } from '../rbac/rules.ts';

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

export function readAttributes(method: string, url: URL): Attributes {
  const steps = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const [root] = steps;
  const isCore = root === 'api';
  const rest = steps.slice(isCore ? 2 : 3);
  if ((!isCore && root !== 'apis') || rest.length === 0)
    return { verb: method.toLowerCase(), path: url.pathname };
  const group = isCore ? '' : (steps[1] ?? '');
  const inNamespace = rest[0] === 'namespaces' && rest.length > 1;
  // A namespace's status or finalize subresource belongs to the namespace itself, not to a resource in it.
  const isOfNamespace = rest.length === 2 || rest[2] === 'status' || rest[2] === 'finalize';
  const namespace = inNamespace ? (rest[1] ?? '') : '';
  const [resource = '', name = '', subresource = ''] = inNamespace && !isOfNamespace ? rest.slice(2) : rest;
  const { searchParams } = url;
  return {
    verb: verbOf(method, name, searchParams),
    group,
    resource,
    subresource,
    name: name === '' && method !== 'POST' ? nameSelected(searchParams) : name,
    namespace,
  };
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  const verb = verbs[method] ?? '';
  if (name !== '') return verb;
  if (verb === 'delete') return 'deletecollection';
  if (verb !== 'get') return verb;
  const watch = query.get('watch');
  return watch === 'true' || watch === '1' ? 'watch' : 'list';
}

/**
 * Returns the name in the field selector: a right to one object by name also covers a list of that object
 * only.
 */
function nameSelected(query: URLSearchParams): string {
  const terms = query.get('fieldSelector')?.split(',') ?? [];
  return terms.map((term) => /^metadata\.name==?([^=]+)$/.exec(term)?.[1]).find(Boolean) ?? '';
}

/** What a request needs a right for, read from its method and path alone: no kind need exist. */
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
  // The status of a namespace is not a resource in it.
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

/** A right to one object by its name holds for a collection that is asked for that one only. */
function nameSelected(query: URLSearchParams): string {
  const terms = query.get('fieldSelector')?.split(',') ?? [];
  return terms.map((term) => /^metadata\.name==?([^=]+)$/.exec(term)?.[1]).find(Boolean) ?? '';
}

/** Discovery and OpenAPI documents, which clients read before any other request. */
import { createHash } from 'node:crypto';

import { apiVersionOf } from '#src/api/resources.ts';

import type { JsonObject } from '../json.ts';
import type { Kind } from '../kind.ts';
import { gitVersion } from '../version.ts';

/** Returns the document at a path that names no object, or undefined if there is none. */
export function describeApi(kinds: readonly Kind[], path: string): JsonObject | undefined {
  const [root, group, version, ...more] = path.split('/').filter(Boolean);
  if (root === 'version' && group === undefined) return serverVersion();
  if (root === 'api' && group === undefined) return { kind: 'APIVersions', versions: ['v1'] };
  if (root === 'api' && version === undefined) return resourceList(kinds, group ?? '');
  if (root === 'apis' && more.length === 0) {
    if (group === undefined) return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(kinds) };
    if (version !== undefined) return resourceList(kinds, `${group}/${version}`);
    const found = groupsOf(kinds).find(({ name }) => name === group);
    return found && { kind: 'APIGroup', apiVersion: 'v1', ...found };
  }
  if (root === 'openapi' && group === 'v3') {
    const rest = path.replace(/^\/openapi\/v3\/?/, '');
    return rest === '' ? openapiIndex(kinds) : openapiDocument(kinds, rest);
  }
  return undefined;
}

/** Returns true if the path lies below a group and version that the server serves. */
export function isServed(kinds: readonly Kind[], path: string): boolean {
  return kinds.some((kind) => `${path}/`.startsWith(`/${openapiPath(kind)}/`));
}

function serverVersion(): JsonObject {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  const platform = `${process.platform}/${process.arch}`;
  return {
    major,
    minor,
    gitVersion,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '',
    goVersion: '',
    compiler: '',
    platform,
  };
}

function groupsOf(kinds: readonly Kind[]): JsonObject[] {
  const groups = new Map<string, Set<string>>();
  for (const { group, version } of kinds) {
    if (group !== '') groups.set(group, (groups.get(group) ?? new Set()).add(version));
  }
  return [...groups].map(([name, names]) => {
    const versions = [...names].map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions, preferredVersion: versions[0] };
  });
}

function resourceList(kinds: readonly Kind[], groupVersion: string): JsonObject | undefined {
  const members = kinds.filter((kind) => apiVersionOf(kind) === groupVersion);
  if (members.length === 0) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: members.flatMap(resourcesOf) };
}

function resourcesOf(kind: Kind): JsonObject[] {
  const { plural, singular, namespaced, shortNames, categories, verbs } = kind;
  const sub = (name: string, verbsOfSub: string[], traits: JsonObject = {}): JsonObject => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind: kind.kind,
    verbs: verbsOfSub,
    ...traits,
  });
  const change = ['get', 'patch', 'update'];
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind: kind.kind,
      verbs,
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
    },
    ...(kind.status ? [sub('status', change)] : []),
    ...(kind.scale ? [sub('scale', change, { group: 'autoscaling', version: 'v1', kind: 'Scale' })] : []),
    ...(kind.group === '' && plural === 'serviceaccounts'
      ? [sub('token', ['create'], { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' })]
      : []),
    ...(kind.group === '' && plural === 'pods'
      ? [sub('exec', ['create', 'get'], { kind: 'PodExecOptions' }), sub('log', ['get'])]
      : []),
  ];
}

function openapiIndex(kinds: readonly Kind[]): JsonObject {
  const paths = [...new Set(kinds.map(openapiPath))].map((path) => {
    const hash = createHash('sha256')
      .update(JSON.stringify(openapiDocument(kinds, path)))
      .digest('hex');
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
  });
  return { paths: Object.fromEntries(paths) };
}

function openapiPath(kind: Kind): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
}

/** Returns enough for kubectl to leave field validation to the server and to explain custom kinds. */
function openapiDocument(kinds: readonly Kind[], path: string): JsonObject | undefined {
  const members = kinds.filter((kind) => openapiPath(kind) === path);
  if (members.length === 0) return undefined;
  const fieldValidation = { name: 'fieldValidation', in: 'query', schema: { type: 'string' } };
  const paths = members.map(({ group, version, kind, plural, namespaced }) => {
    const isOf = { responses: {}, 'x-kubernetes-group-version-kind': { group, version, kind } };
    const operations = { get: isOf, patch: { ...isOf, parameters: [fieldValidation] } };
    return [`/${path}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}/{name}`, operations];
  });
  const schemas: Record<string, JsonObject> = {};
  for (const { group, version, kind, custom } of members) {
    const isOf = { 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
    if (custom) schemas[`${group}.${version}.${kind}`] = { ...custom.schema, ...isOf };
  }
  return {
    openapi: '3.0.0',
    info: { title: 'kubectl-stash sandbox', version: gitVersion },
    paths: Object.fromEntries(paths),
    components: { schemas },
  };
}

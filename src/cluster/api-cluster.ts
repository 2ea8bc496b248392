/** Implements the Cluster port over HTTPS. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import { isStashError } from '#src/errors.ts';

import type { Api } from './api.ts';
import { listCollection, pagesOfCollection, streamChanges } from './collection.ts';
import { execInPod } from './exec.ts';
import type { Cluster, PatchType, WatchScope } from './port.ts';
import { present } from './present.ts';
import { exactPath, query, type ApiRequest } from './request.ts';
import { watchCollection } from './watch.ts';

const fieldManager = 'kubectl-stash';
/** Objects of this group are only questions: the API server answers them and stores nothing. */
const reviews = 'authorization.k8s.io';

const patchTypes: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/**
 * Returns a Cluster. Once `interrupted` aborts, reads reject with 'interrupted'. Writes and `exec` go on,
 * because cleaning up may depend on them.
 */
export function createApiCluster(api: Api, interrupted?: AbortSignal): Cluster {
  const { limits, clock } = api;

  const read = (request: ApiRequest) => api.ask(request, interrupted);

  async function write<T extends KubernetesObject>(
    resource: Resource<T>,
    request: ApiRequest,
  ): Promise<Stored<T>> {
    return present(resource, await api.ask(request));
  }

  return {
    async get<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string) {
      const path = exactPath(resource, { name, namespace });
      return present(resource, await read({ verb: 'get', resource, name, namespace, path }));
    },

    list: (resource, scope = {}) => listCollection(api.askFor, resource, scope, limits, interrupted),

    pages: (resource, scope = {}) => pagesOfCollection(api.askFor, resource, scope, limits, interrupted),

    async create(resource, object, options = {}) {
      const { namespace, name } = object.metadata;
      const path = exactPath(resource, { namespace }) + writeQuery(options.dryRun);
      const request: ApiRequest = { verb: 'create', resource, name, namespace, path, body: object };
      return resource.group === reviews
        ? ((await read(request)) as Stored<typeof object>)
        : await write(resource, request);
    },

    async patch(resource, at, patch, options = {}) {
      const { type = 'merge', subresource, dryRun } = options;
      const where = { ...at, subresource };
      const path = exactPath(resource, where) + writeQuery(dryRun, type === 'apply' ? { force: true } : {});
      return await write(resource, {
        verb: 'patch',
        resource,
        ...where,
        path,
        body: patch,
        contentType: patchTypes[type],
      });
    },

    async delete(resource, at, { uid, propagation, gracePeriodSeconds } = {}) {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(uid !== undefined && { preconditions: { uid } }),
        ...(propagation && { propagationPolicy: propagation }),
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      };
      await api.ask({ verb: 'delete', resource, ...at, path: exactPath(resource, at), body });
    },

    watch<T extends KubernetesObject>(resource: Resource<T>, scope: WatchScope<T>, signal: AbortSignal) {
      return watchCollection<T>(
        {
          list: (aborted) => listCollection(api.askOnceFor, resource, scope, limits, aborted),
          changes: (version, aborted) => streamChanges(api, resource, scope, version, aborted),
        },
        signal,
        { clock, limits },
      );
    },

    exec: (request) => execInPod(api, request),

    async logs({ namespace, pod, container, tailLines, previous }) {
      const where = { name: pod, namespace, subresource: 'log' };
      const path = exactPath(pods, where) + query({ container, tailLines, previous });
      const request: ApiRequest = { verb: 'get', resource: pods, ...where, path };
      return await api.askFor(request, (text) => text.toString(), interrupted);
    },

    async groups() {
      const answer = (await read({ verb: 'get', path: '/apis' })) as { groups?: { name: string }[] };
      return (answer.groups ?? []).map(({ name }) => name);
    },

    async kinds({ group, version }) {
      const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
      try {
        const answer = (await read({ verb: 'get', path })) as { resources?: { name: string }[] };
        return (answer.resources ?? []).map(({ name }) => name).filter((name) => !name.includes('/'));
      } catch (error) {
        if (isStashError(error, 'not-found')) return [];
        throw error;
      }
    },

    async serverVersion() {
      const answer = (await read({ verb: 'get', path: '/version' })) as { gitVersion?: string };
      return answer.gitVersion ?? 'unknown';
    },

    close() {
      api.wire.close();
    },
  };
}

function writeQuery(dryRun: boolean | undefined, more: Readonly<Record<string, boolean>> = {}): string {
  return query({ fieldManager, dryRun: dryRun === true ? 'All' : undefined, ...more });
}

/** Plays Argo CD in a namespace: an application with label tracking, prune and self-heal. */
import assert from 'node:assert/strict';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import {
  cronJobs,
  deployments,
  jobs,
  pods,
  roleBindings,
  serviceAccounts,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { includesJson } from '#src/domain/includes-json.ts';
import { text, type JsonClient } from '#test/support/json-client.ts';
import { writtenKinds } from '#test/support/written-kinds.ts';

import { mergePatch } from './conformance/requests.ts';

/** By this label Argo CD knows what belongs to an application. */
export const trackingLabel = 'app.kubernetes.io/instance';
export const application = 'shop';

export interface InGit {
  readonly resource: Resource;
  readonly object: KubernetesObject;
}

export interface Argo {
  /** What it has deleted because it is not in Git, as `Kind name`. */
  readonly pruned: readonly string[];
  /** What it has created or changed because it was not as in Git. */
  readonly healed: readonly string[];
  end(): Promise<void>;
}

const watchedKinds = [...writtenKinds, cronJobs, deployments, jobs, pods, roleBindings, serviceAccounts];

/** Creates what is in Git, then watches. `api`: writes as Argo CD. */
export async function playArgo(
  api: JsonClient,
  cluster: Cluster,
  namespace: string,
  git: readonly InGit[],
): Promise<Argo> {
  const [pruned, healed]: [string[], string[]] = [[], []];
  const stopping = new AbortController();
  const at = ({ group, version, plural }: Resource, name = '') =>
    `/${group === '' ? 'api' : `apis/${group}`}/${version}/namespaces/${namespace}/${plural}${name}?fieldManager=argocd-controller`;
  const send = async (method: string, path: string, object: unknown, headers = {}) => {
    const { code, body } = await api.send(method, path, object, headers);
    // A write of another client came first, and its event comes, too.
    assert.ok(code < 300 || code === 404 || code === 409, text(body));
  };

  const sync = async (resource: Resource, live: Stored<KubernetesObject>, isGone: boolean) => {
    const { name } = live.metadata;
    const wanted = git.find((each) => each.resource === resource && each.object.metadata.name === name);
    const word = `${resource.kind} ${name}`;
    if (!wanted) {
      if (isGone || !isTracked(live)) return;
      pruned.push(word);
      await send('DELETE', at(resource, `/${name}`), undefined);
    } else if (isGone) {
      healed.push(`${word}, which was gone`);
      await send('POST', at(resource), wanted.object);
    } else if (live.metadata.deletionTimestamp === undefined && !includesJson(live, wanted.object)) {
      healed.push(word);
      await send('PATCH', at(resource, `/${name}`), wanted.object, mergePatch);
    }
  };
  const play = async (resource: Resource) => {
    for await (const event of cluster.watch(resource, { namespace }, stopping.signal)) {
      const seen = event.type === 'listed' ? event.items : 'object' in event ? [event.object] : [];
      for (const object of seen) await sync(resource, object, event.type === 'deleted');
    }
  };
  for (const { resource, object } of git) await send('POST', at(resource), object);
  const playing = Promise.all(watchedKinds.map(play));
  return {
    pruned,
    healed,
    async end() {
      stopping.abort();
      await playing;
    },
  };
}

/** Argo CD prunes no object that has an owner, is being deleted already, or asks to be left alone. */
function isTracked({ metadata }: Stored<KubernetesObject>): boolean {
  const { labels = {}, annotations = {}, ownerReferences = [], deletionTimestamp } = metadata;
  const options = annotations['argocd.argoproj.io/sync-options'] ?? '';
  const isKept = options.split(',').includes('Prune=false');
  const isOurs = labels[trackingLabel] === application;
  return isOurs && ownerReferences.length === 0 && deletionTimestamp === undefined && !isKept;
}

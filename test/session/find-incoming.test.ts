/** The new volumes are read claim by claim, not all at once: a session may have thousands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { findIncoming } from '#src/session/in-place/find-incoming.ts';
import { claim, stored } from '#test/domain/objects.ts';
import { manualClock } from '#test/support/clock.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const claims = Array.from({ length: 40 }, (_, index) => ({
  ...{ name: `data-${index}`, uid: 'u', volume: `old-${index}`, staged: `staged-${index}` },
}));

function volume(name: string, zone: string): Stored<PersistentVolume> {
  const matchExpressions = [{ key: 'zone', operator: 'In' as const, values: [zone] }];
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  const spec = { nodeAffinity: { required } };
  return stored<PersistentVolume>({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec });
}

function clusterWith({ elsewhere = [] }: { readonly elsewhere?: readonly string[] } = {}) {
  let inFlight = 0;
  let most = 0;
  const objectNamed = (kind: string, name: string): Stored<KubernetesObject> =>
    kind === 'PersistentVolume' ? volume(name, elsewhere.includes(name) ? 'b' : 'a') : claim(name);
  const get = async ({ kind }: { kind: string }, name: string) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await new Promise(setImmediate);
    inFlight -= 1;
    return objectNamed(kind, name);
  };
  return { cluster: stubCluster({ get: get as Cluster['get'] }), most: () => most };
}

function find(cluster: Cluster) {
  const { signal } = new AbortController();
  const clock = manualClock(new Date('2026-03-14T03:00:00Z'));
  return findIncoming({ cluster, clock, signal, tell: () => undefined }, claims, 'demo');
}

test('each claim gets the volume of its temporary claim, in the order of the record', async () => {
  const { cluster, most } = clusterWith();
  assert.deepEqual(await find(cluster), {
    claims: claims.map((each) => ({ ...each, incoming: `pv-${each.staged}` })),
    problem: undefined,
  });
  assert.ok(most() <= 16, `${most()} requests at once`);
});

test('a volume that no node of the old one can use is told, the first of them', async () => {
  const { cluster } = clusterWith({ elsewhere: ['pv-staged-7', 'pv-staged-30'] });
  const { claims: found, problem } = await find(cluster);
  assert.equal(found.length, claims.length);
  assert.match(problem?.message ?? '', /claim data-7\b/);
});

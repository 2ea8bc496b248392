/** What `doctor --probe` refuses before it creates anything. test/e2e/probe.test.ts carries one out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { limitRanges, resourceQuotas, storageClasses, volumeSnapshotClasses } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { snapshotClass } from '#test/support/classes.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { namespace, object, type Created } from './objects.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

let world: World;

function storageClass(name: string, more: object): Created {
  return [storageClasses, object('storage.k8s.io/v1', 'StorageClass', { metadata: { name }, ...more })];
}

before(async () => {
  world = await startWorld();
  const kept = { ...snapshotClass('kept', 'sandbox.csi.stash.dev', {}), deletionPolicy: 'Retain' };
  await world.create(
    ...['demo', 'full', 'narrow'].map(namespace),
    storageClass('kept', { provisioner: 'sandbox.csi.stash.dev', reclaimPolicy: 'Retain' }),
    storageClass('by-hand', { provisioner: 'kubernetes.io/no-provisioner' }),
    storageClass('other', { provisioner: 'other.example.com' }),
    [volumeSnapshotClasses, kept],
    [
      resourceQuotas,
      object('v1', 'ResourceQuota', {
        metadata: { name: 'small', namespace: 'full' },
        spec: { hard: { 'requests.storage': '1Gi' } },
      }),
    ],
    [
      limitRanges,
      object('v1', 'LimitRange', {
        metadata: { name: 'large', namespace: 'narrow' },
        spec: { limits: [{ type: 'PersistentVolumeClaim', min: { storage: '2Gi' } }] },
      }),
    ],
  );
  await world.until(resourceQuotas, 'full', 'small', (it) => it?.status?.used !== undefined);
});

after(() => world[Symbol.asyncDispose]());

/** A user without any right on Jobs, as the server's rules review reports it. */
function withoutJobs(cluster: Cluster): Cluster {
  const apiGroups = ['', 'snapshot.storage.k8s.io', 'storage.k8s.io'];
  const status = { incomplete: false, resourceRules: [{ verbs: ['*'], apiGroups, resources: ['*'] }] };
  return {
    ...cluster,
    create: async <T extends KubernetesObject>(...args: Parameters<Cluster['create']>) => {
      const made = (await cluster.create(...args)) as Stored<T>;
      return made.kind === 'SelfSubjectRulesReview' ? { ...made, status } : made;
    },
  };
}

const refused: readonly (readonly [golden: string, words: string, code: number, options?: RunOptions])[] = [
  ['flag-alone', 'doctor --size 2Gi', 2],
  ['image-alone', 'doctor --snapshot-class sandbox', 2],
  ['target', 'doctor --probe deploy/web', 2],
  ['size', 'doctor --probe --size large', 2],
  ['no-namespace', 'doctor --probe -n nowhere', 3],
  ['storage-class-gone', 'doctor --probe --storage-class sandbx', 3],
  ['storage-class-by-hand', 'doctor --probe --storage-class by-hand', 1],
  ['storage-class-retains', 'doctor --probe --storage-class kept', 1],
  ['snapshot-class-gone', 'doctor --probe --snapshot-class sandbx', 3],
  ['snapshot-class-retains', 'doctor --probe --snapshot-class kept', 1],
  ['no-snapshot-class', 'doctor --probe --storage-class other', 1],
  ['quota', 'doctor --probe -n full', 1],
  ['limit-range', 'doctor --probe -n narrow', 1],
  ['rights', 'doctor --probe', 1, { through: withoutJobs }],
];
for (const [golden, words, code, options] of refused) {
  test(`refused: ${golden}`, async () => {
    const before = await world.census();
    const ran = await world.run(words, options);
    assert.deepEqual([ran.code, ran.out], [code, ''], ran.err);
    await checkAdvice(ran.err);
    matchGolden(`commands/probe/${golden}`, ran.err.replaceAll(/stash-probe-[0-9a-f]{8}/g, 'stash-probe-ID'));
    assert.deepEqual(await world.census(), before);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, PodTemplate, Workload } from '#src/api/kubernetes.ts';
import { onWorkloads } from '#src/domain/install/rule.ts';
import {
  kindOfWord,
  readWorkload,
  targetKinds,
  targetTypes,
  wordsOfKind,
} from '#src/domain/workload/kinds.ts';

const template: PodTemplate = { spec: { containers: [] } };

function workload(kind: string, spec: Partial<Workload['spec']> = {}, status = {}): Workload {
  return { apiVersion: 'v1', kind, metadata: { name: 'web' }, spec: { ...spec, template }, status };
}

test('no word means two kinds', () => {
  for (const kind of targetKinds) {
    for (const word of wordsOfKind(kind)) assert.equal(kindOfWord(word), kind, word);
  }
  assert.deepEqual(wordsOfKind('StatefulSet'), ['sts', 'statefulset', 'statefulsets']);
  assert.equal(kindOfWord('pod'), undefined);
});

test('the roles include every workload, and the objects between a workload and its pods', () => {
  const allowed = onWorkloads('get').flatMap(({ apiGroups = [], resources = [] }) =>
    apiGroups.flatMap((group) => resources.map((plural) => `${plural}.${group}`)),
  );
  const needed = Object.values(targetTypes)
    .filter((type) => type.readWorkload !== undefined)
    .flatMap(({ resource, podsThrough }) => [resource, ...(podsThrough ? [podsThrough] : [])]);
  for (const { plural, group } of needed) assert.ok(allowed.includes(`${plural}.${group}`), plural);
  assert.equal(new Set(allowed).size, allowed.length);
});

test('the number of pods that a workload should run, and its replicas', () => {
  const rows: [Workload, wanted: number, replicas: number | undefined][] = [
    [workload('Deployment'), 1, 1],
    [workload('StatefulSet', { replicas: 0 }), 0, 0],
    [workload('ReplicaSet', { replicas: 3 }), 3, 3],
    [workload('ReplicationController', { replicas: 2 }), 2, 2],
    [workload('DaemonSet'), 1, undefined],
    [workload('DaemonSet', {}, { desiredNumberScheduled: 0 }), 0, undefined],
  ];
  for (const [object, wantedPods, replicas] of rows) {
    const kind = kindOfWord(object.kind) ?? assert.fail();
    const read = readWorkload(kind, object) ?? assert.fail();
    assert.deepEqual({ wantedPods: read.wantedPods, replicas: read.replicas }, { wantedPods, replicas });
    assert.equal(read.podSpec, template.spec);
  }
});

test('only a StatefulSet creates claims, and only a claim runs no pods', () => {
  const spec: Partial<Workload['spec']> = {
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    ordinals: { start: 5 },
    persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
  };
  const claims = { templates: ['data'], firstOrdinal: 5, deletedWhenScaled: true };
  assert.deepEqual(readWorkload('StatefulSet', workload('StatefulSet', spec))?.claims, claims);
  const without = { templates: [], firstOrdinal: 0, deletedWhenScaled: false };
  assert.deepEqual(readWorkload('StatefulSet', workload('StatefulSet'))?.claims, without);
  assert.equal(readWorkload('Deployment', workload('Deployment', spec))?.claims, undefined);
  const claim: KubernetesObject = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: {} };
  assert.equal(readWorkload('PersistentVolumeClaim', claim), undefined);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { annotation } from '#src/api/labels.ts';
import { claimFrom, manifestOf } from '#src/domain/in-place/claim-manifest.ts';
import { claim } from '#test/domain/objects.ts';

const place = { name: 'data', namespace: 'demo', volumeName: 'pv-new', sessionUid: 'uid-of-session' };

test('a manifest is the claim without what the control plane and the API server add', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'a' };
  const { metadata, ...rest } = claim('data', {
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'fast',
      volumeName: 'pv-old',
      dataSource: { kind: 'VolumeSnapshot', name: 'first' },
    },
  });
  const manifest = manifestOf({
    ...rest,
    metadata: {
      ...metadata,
      finalizers: ['kubernetes.io/pvc-protection'],
      labels: { 'app.kubernetes.io/instance': 'shop' },
      annotations: {
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
        'volume.kubernetes.io/selected-node': 'node-1',
        'volume.kubernetes.io/storage-provisioner': 'csi',
        'argocd.argoproj.io/tracking-id': 'shop:/PersistentVolumeClaim:demo/data',
      },
      ownerReferences: [owner, { apiVersion: 'v1', kind: 'Pod', name: 'db-0', uid: 'b' }],
    },
  });
  assert.deepEqual(manifest, {
    metadata: {
      labels: { 'app.kubernetes.io/instance': 'shop' },
      annotations: {
        'volume.kubernetes.io/storage-provisioner': 'csi',
        'argocd.argoproj.io/tracking-id': 'shop:/PersistentVolumeClaim:demo/data',
      },
      ownerReferences: [owner],
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'fast',
      dataSource: { kind: 'VolumeSnapshot', name: 'first' },
    },
  });
});

test('a claim without metadata of its own has an empty manifest beside its spec', () => {
  assert.deepEqual(manifestOf(claim('data')).metadata, {});
});

test('the new claim names its volume and the session, and is the same otherwise', () => {
  const before = claim('data');
  assert.deepEqual(claimFrom(manifestOf(before), place), {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'data',
      namespace: 'demo',
      annotations: { [annotation.restoreSessionUid]: 'uid-of-session' },
    },
    spec: { ...before.spec, volumeName: 'pv-new' },
  });
});

test('the manifest of the new claim is the one it was made from, beside the session', () => {
  const marks = fc.dictionary(fc.constantFrom('a', 'b/c', 'pv.kubernetes.io/x'), fc.string());
  fc.assert(
    fc.property(marks, marks, (labels, annotations) => {
      const manifest = manifestOf(claim('data', { metadata: { name: 'data', labels, annotations } }));
      const again = manifestOf(claimFrom(manifest, place));
      const { [annotation.restoreSessionUid]: session, ...others } = again.metadata.annotations ?? {};
      assert.equal(session, 'uid-of-session');
      assert.deepEqual(others, manifest.metadata.annotations ?? {});
      assert.deepEqual(again.metadata.labels, manifest.metadata.labels);
      assert.deepEqual(again.spec, manifest.spec);
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  formatTarget,
  isTargetKind,
  readTarget,
  refOf,
  targetAnnotation,
  targetOfRef,
  type Target,
} from '#src/domain/workload/target.ts';

const target: Target = { kind: 'StatefulSet', name: 'db', namespace: 'demo' };

function session(value: string | undefined, namespace?: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'BackupSession',
    metadata: {
      ...(namespace !== undefined && { namespace }),
      ...(value !== undefined && { annotations: { [annotation.target]: value } }),
    },
  };
}

test('a target is printed, and referred to with its API', () => {
  assert.equal(formatTarget(target), 'statefulset/db');
  assert.deepEqual(refOf(target), { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' });
  assert.equal(refOf({ ...target, kind: 'PersistentVolumeClaim' }).apiVersion, 'v1');
  for (const kind of ['Pod', 'toString', 'statefulset', '', undefined]) {
    assert.equal(isTargetKind(kind), false);
  }
});

test('a target is read as it was written, in the namespace of the object', () => {
  const written = targetAnnotation(target)[annotation.target];
  assert.deepEqual(readTarget(session(written, 'demo')), target);
  assert.deepEqual(readTarget(session(written)), { ...target, namespace: '' });
  for (const value of [
    undefined,
    '{',
    'null',
    '1',
    '{"kind":"Pod","name":"a"}',
    '{"kind":"StatefulSet"}',
    '{"kind":"StatefulSet","name":1}',
  ]) {
    assert.equal(readTarget(session(value, 'demo')), undefined);
  }
});

test('a reference names a target in the namespace of its object', () => {
  assert.deepEqual(targetOfRef({ kind: 'StatefulSet', name: 'db' }, session(undefined, 'demo')), target);
  assert.equal(targetOfRef({ kind: 'StatefulSet', name: 'db' }, session(undefined))?.namespace, '');
  for (const reference of [
    undefined,
    {},
    { kind: 'StatefulSet' },
    { name: 'db' },
    { kind: 'Pod', name: 'a' },
  ]) {
    assert.equal(targetOfRef(reference, session(undefined, 'demo')), undefined);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aboutLastingPods } from '#src/domain/in-place/lasting-pods.ts';
import { pod } from '#test/domain/objects.ts';

function on(nodeName: string, name: string, isLeaving: boolean) {
  const given = pod(name, ['data']);
  const deletionTimestamp = isLeaving ? { deletionTimestamp: '2026-03-14T03:00:00Z' } : {};
  const metadata = { ...given.metadata, ...deletionTimestamp };
  return { ...given, metadata, spec: { ...given.spec, nodeName } };
}

test('a pod that is being deleted points to its node, once, and to the taint for one that is switched off', () => {
  assert.deepEqual(aboutLastingPods([on('node-1', 'db-0', true), on('node-1', 'db-1', true)], 'demo'), [
    'kubectl describe node node-1',
    'only if node node-1 is switched off, so that Kubernetes removes its pods:',
    'kubectl taint node node-1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute',
  ]);
});

test('a pod that is not being deleted is shown itself', () => {
  assert.deepEqual(aboutLastingPods([on('node-1', 'report-x', false)], 'demo'), [
    'kubectl describe pod report-x -n demo',
  ]);
});

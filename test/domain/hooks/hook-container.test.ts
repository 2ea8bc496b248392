/** In which container a hook runs, and why a container does not run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Container, ContainerStatus, Pod } from '#src/api/kubernetes.ts';
import {
  containerOfHook,
  containersOf,
  hasEnded,
  isOurPod,
  whyNotRunning,
} from '#src/domain/hooks/hook-container.ts';
import { pod } from '#test/domain/objects.ts';

const containers: Container[] = [{ name: 'proxy' }, { name: 'db' }];
const initContainers: Container[] = [{ name: 'agent', restartPolicy: 'Always' }, { name: 'prepare' }];

function podOf({ metadata, spec, status }: Partial<Pod> = {}): Pod {
  const made = pod('db-0', []);
  return {
    ...made,
    metadata: { ...made.metadata, ...metadata },
    spec: { ...made.spec, containers, initContainers, ...spec },
    ...(status && { status }),
  };
}

/** No kubelet has reported about it yet. */
const unseen: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers } };

test('a hook runs where kubectl exec would run it', () => {
  const annotated = (name: string) =>
    podOf({ metadata: { annotations: { 'kubectl.kubernetes.io/default-container': name } } });
  const rows: [Pod, named: string | undefined, expected: string | undefined][] = [
    [podOf(), undefined, 'proxy'],
    [podOf(), 'db', 'db'],
    [podOf(), 'agent', 'agent'],
    [podOf(), 'prepare', undefined],
    [podOf(), 'absent', undefined],
    [annotated('db'), undefined, 'db'],
    [annotated('db'), 'proxy', 'proxy'],
    [annotated('absent'), undefined, 'proxy'],
    [podOf({ metadata: { annotations: {} } }), undefined, 'proxy'],
  ];
  for (const [given, named, expected] of rows) assert.equal(containerOfHook(given, named)?.name, expected);
});

test('of the init containers only native sidecars can run a hook', () => {
  const names = (given: Pod) => containersOf(given).map(({ name }) => name);
  assert.deepEqual(names(podOf()), ['proxy', 'db', 'agent']);
  assert.deepEqual(names(pod('db-0', [])), []);
});

test('says why a container is not running', () => {
  const status = (name: string, state?: ContainerStatus['state']): ContainerStatus => ({
    ...{ name, ready: false, restartCount: 0, image: '', imageID: '' },
    ...(state && { state }),
  });
  const terminated = (reason?: string) => ({ terminated: { exitCode: 3, ...(reason && { reason }) } });
  const other = status('proxy', { running: {} });
  const rows: [state: ContainerStatus['state'], why: string | undefined][] = [
    [{ running: { startedAt: '2026-03-14T03:00:00Z' } }, undefined],
    [terminated('OOMKilled'), 'OOMKilled'],
    [terminated(), 'it ended with exit code 3'],
    [{ waiting: { reason: 'CrashLoopBackOff' } }, 'CrashLoopBackOff'],
    [{ waiting: {} }, 'not scheduled'],
    [undefined, 'not scheduled'],
  ];
  for (const [state, why] of rows) {
    const containerStatuses = [other, status('db', state)];
    assert.equal(whyNotRunning(podOf({ status: { containerStatuses } }), 'db'), why);
    const initContainerStatuses = [status('agent', state)];
    assert.equal(whyNotRunning(podOf({ status: { initContainerStatuses } }), 'agent'), why);
  }
  const placed = podOf({ spec: { nodeName: 'n', containers }, status: { containerStatuses: [other] } });
  assert.equal(whyNotRunning(placed, 'db'), 'not started');
  assert.equal(whyNotRunning(unseen, 'db'), 'not scheduled');
});

test('a pod has ended in two phases', () => {
  const inPhase = (phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown') =>
    hasEnded(podOf({ status: { ...(phase && { phase }) } }));
  assert.deepEqual([inPhase('Succeeded'), inPhase('Failed')], [true, true]);
  assert.deepEqual(
    [inPhase('Pending'), inPhase('Running'), inPhase('Unknown'), inPhase()],
    [false, false, false, false],
  );
  assert.equal(hasEnded(unseen), false);
});

test('knows the pods of the operator and of its Jobs by their label', () => {
  const labelled = (labels: Record<string, string>) => isOurPod(podOf({ metadata: { labels } }));
  assert.equal(labelled({ 'app.kubernetes.io/managed-by': 'kubectl-stash' }), true);
  assert.equal(labelled({ 'app.kubernetes.io/managed-by': 'Helm' }), false);
  assert.equal(labelled({}), false);
  assert.equal(isOurPod(podOf()), false);
});

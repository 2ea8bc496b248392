import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolume, Pod, PodSpec } from '#src/api/kubernetes.ts';
import {
  daemonSets,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '#src/api/resources.ts';
import { isBound, startCluster } from '#test/sandbox/controllers/running-cluster.ts';

const running = await startCluster();

const containers = [{ name: 'c', image: 'nginx' }];
const isRunning = (it: Pod | undefined): boolean => it?.status?.phase === 'Running';

async function pod(name: string, spec: Partial<PodSpec> = {}): Promise<void> {
  const metadata = { name, namespace: 'default' };
  await running.cluster.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers, ...spec },
  });
}

/** Resolves with the message of a pod once it is unschedulable. */
async function unschedulable(name: string): Promise<string | undefined> {
  const conditionOf = (it: Pod | undefined) =>
    it?.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return conditionOf(await running.until(pods, name, (it) => conditionOf(it) !== undefined))?.message;
}

/** Resolves once the pod is unschedulable with this message. */
async function waitsFor(name: string, message: string): Promise<void> {
  await running.until(pods, name, (it) => {
    const scheduled = it?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    return scheduled?.status === 'False' && scheduled.message === `0/1 nodes are available: ${message}.`;
  });
}

const using = (claimName: string): Partial<PodSpec> => ({
  volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
});

const cordon = (unschedulable: boolean) =>
  running.cluster.patch(nodes, { name: 'sandbox' }, { spec: { unschedulable } });

test('a cordoned node keeps its pods and accepts only those of a DaemonSet', async () => {
  await pod('before');
  await running.until(pods, 'before', isRunning);
  await cordon(true);
  await pod('during');
  await waitsFor('during', '1 node(s) were unschedulable');
  const key = 'node.kubernetes.io/unschedulable';
  await pod('tolerant', { tolerations: [{ key, operator: 'Exists', effect: 'NoSchedule' }] });
  await running.until(pods, 'tolerant', isRunning);
  await running.cluster.create(daemonSets, {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agents', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'agents' } },
      template: { metadata: { labels: { app: 'agents' } }, spec: { containers } },
    },
  });
  await running.until(daemonSets, 'agents', (it) => it?.status?.['numberReady'] === 1);
  assert.ok(isRunning(await running.cluster.get(pods, 'before', 'default')));
  await cordon(false);
  await running.until(pods, 'during', isRunning);
});

test('problems of the claims are reported before those of the node', async () => {
  const nodeSelector = { none: 'such' };
  await pod('nowhere', { nodeSelector });
  assert.equal(
    await unschedulable('nowhere'),
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
  );
  await pod('claimless', { nodeSelector, ...using('missing') });
  assert.equal(
    await unschedulable('claimless'),
    '0/1 nodes are available: persistentvolumeclaim "missing" not found.',
  );
});

test('a claim with WaitForFirstConsumer binds to a free volume of its class, else one is provisioned', async () => {
  await running.cluster.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'by-hand' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'free' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'by-hand',
      hostPath: { path: '/none-such' },
    },
  };
  await running.cluster.create(persistentVolumes, volume);
  await running.until(persistentVolumes, 'free', (it) => it?.status?.phase === 'Available');
  await running.claim('static', { storageClassName: 'by-hand' });
  await running.eventsOf('static', 'WaitForFirstConsumer');
  await pod('consumer', using('static'));
  const claim = await running.until(persistentVolumeClaims, 'static', isBound);
  assert.equal(claim.spec.volumeName, 'free');

  await running.claim('none-left', { storageClassName: 'by-hand' });
  await pod('starved', using('none-left'));
  await waitsFor('starved', "1 node(s) didn't find available persistent volumes to bind");
});

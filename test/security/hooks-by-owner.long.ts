/**
 * Hooks run in the pods that the target controls, and in no other pod that its selector matches; the operator's cache
 * takes in pods of our Jobs only, whatever labels others put on theirs.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { deployments, jobs, pods, replicaSets, type Resource } from '#src/api/resources.ts';
import { StashError } from '#src/errors.ts';
import { createCaches } from '#src/operator/caches.ts';
import { learnPods } from '#src/operator/session-job.ts';
import type { World } from '#src/operator/world.ts';
import { findTargetPods } from '#src/session/hooks/hook-pods.ts';
import { openSessionStage } from '#test/operator/session-stage.ts';
import { logOf, runningHome } from '#test/session/hooked.ts';

const place = await openSessionStage();
const { stage } = place;
const { cluster } = stage.sandbox;
await place.operator();
after(() => place[Symbol.asyncDispose]());

const hook = { exec: { command: ['/bin/sh', '-c', 'echo $WHO >> /data/log'] }, containerName: 'app' };
const hooks = { preBackup: hook, postBackup: hook };
/** Matches every pod: the API server refuses an empty selector, but not this one. */
const catchAll = { matchExpressions: [{ key: 'none', operator: 'DoesNotExist' as const }] };

function podSpec(who: string): Workload['spec']['template']['spec'] {
  return {
    containers: [
      {
        name: 'app',
        image: 'busybox',
        command: ['/bin/sh', '-c', 'exec sleep 3600'],
        env: [{ name: 'WHO', value: who }],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  };
}

async function deploy(
  namespace: string,
  name: string,
  replicas: number,
  selector: NonNullable<Workload['spec']['selector']>,
  labels: Record<string, string>,
): Promise<void> {
  await cluster.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { replicas, selector, template: { metadata: { labels }, spec: podSpec(name) } },
  });
}

async function running(namespace: string, count: number): Promise<Stored<Pod>[]> {
  return stage.until(
    pods,
    namespace,
    (all) => all.filter(({ status }) => status?.phase === 'Running').length === count,
  );
}

/** Resolves with the phase of a session of the Deployment, and the names of those whose pods ran a hook. */
async function backUp(namespace: string, name: string): Promise<[string | undefined, string[]]> {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  await place.configuration(namespace, { target: { ref }, hooks });
  await place.session(namespace, 's1');
  const { status } = await place.ended(namespace, 's1');
  return [status?.phase, await logOf(stage, namespace)];
}

test('a Deployment scaled to 0 with a selector for all pods: no hook runs', async () => {
  const home = await runningHome(stage, ['data']);
  await deploy(home, 'wide', 0, catchAll, { app: 'wide' });
  await cluster.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stranger', namespace: home },
    spec: podSpec('stranger'),
  });
  await running(home, 2);
  assert.deepEqual(await backUp(home, 'wide'), ['Succeeded', []]);
});

test('a canary with labels of the target is not frozen', async () => {
  const home = await stage.home(['data']);
  await deploy(home, 'main', 1, { matchLabels: { role: 'web' } }, { role: 'web' });
  const labels = { role: 'web', track: 'canary' };
  await deploy(home, 'canary', 1, { matchLabels: labels }, labels);
  await running(home, 2);
  assert.deepEqual(await backUp(home, 'main'), ['Succeeded', ['main', 'main']]);
});

test('without the right to read ReplicaSets no pod is chosen, and the error names the right', async () => {
  const home = await runningHome(stage, ['data']);
  const refusing: typeof cluster = {
    ...cluster,
    get: (resource: Resource, ...rest: [string, string?]) =>
      resource.plural === replicaSets.plural
        ? Promise.reject(new StashError('forbidden', 'user "x" may not get replicasets.apps'))
        : cluster.get(resource, ...rest),
  } as typeof cluster;
  await assert.rejects(findTargetPods(refusing, { kind: 'Deployment', name: 'app', namespace: home }), {
    message: /may not get replicasets\.apps/,
  });
});

test("a stranger's pod with the label of a Job does not enter the operator's cache", async () => {
  const home = await runningHome(stage, ['data']);
  const { caches } = createCaches();
  const job = { namespace: home, name: 'stash-vs-s1' };
  await cluster.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...job },
    spec: { template: { spec: { ...podSpec('job'), restartPolicy: 'Never' } } },
  });
  await running(home, 2);
  await learnPods({ cluster, caches } as World, job);
  assert.deepEqual([...caches.pods.list()], []);
});

import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { load } from 'js-yaml';

import type { Container, Event, Pod, PodSpec } from '#src/api/kubernetes.ts';
import { imageRepository } from '#src/api/operator.ts';
import { deployments, events, jobs, pods, serviceAccounts } from '#src/api/resources.ts';
import { rewriteAddresses } from '#src/sandbox/node/own-image.ts';
import { startSandbox, type Sandbox } from '#src/sandbox/sandbox.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { createJsonClient } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

const namespace = 'default';
const errors: string[] = [];
let sandbox: Sandbox;
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "stash own's-"));
  sandbox = await startSandbox({
    directory,
    program: { argv: [process.execPath, join(import.meta.dirname, 'own-program.ts')], version: 'v1.2.3' },
    onError: (message) => void errors.push(message),
  });
});
after(async () => {
  await sandbox.stop();
  await removeTree(directory);
  assert.deepEqual(errors, []);
});

const own = (more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: `${imageRepository}:v1.2.3`,
  ...more,
});

async function pod(name: string, spec: Partial<PodSpec> & { containers: Container[] }, labels = {}) {
  const metadata = { name, namespace, labels };
  await sandbox.cluster.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
}

async function untilPod(name: string, satisfied: (pod: Pod) => boolean): Promise<Pod> {
  const [found] = (
    await until(sandbox.cluster, pods, { namespace }, (all) =>
      all.some((it) => it.metadata.name === name && satisfied(it)),
    )
  ).filter(({ metadata }) => metadata.name === name);
  assert.ok(found);
  return found;
}

async function eventsOf(name: string, last: string): Promise<string[]> {
  const isAbout = ({ involvedObject }: Event) => involvedObject.name === name;
  const all = await until(sandbox.cluster, events, { namespace }, (seen) =>
    seen.some((event) => isAbout(event) && event.message === last),
  );
  return all.filter(isAbout).map(({ reason, message }) => `${reason ?? ''}: ${message ?? ''}`);
}

test('our image runs as a process with its arguments, environment and service account', async () => {
  await sandbox.cluster.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'worker', namespace },
  });
  const labels = { 'batch.kubernetes.io/controller-uid': 'u-1' };
  await pod(
    'own',
    {
      restartPolicy: 'Never',
      serviceAccountName: 'worker',
      volumes: [{ name: 'scratch', emptyDir: {} }],
      containers: [
        own({
          args: ['operator', 'create-vs', '--backupsession', '$(POD_NAME)-$(NONE)'],
          // The mount must not affect the sandbox's own files below this path.
          volumeMounts: [{ name: 'scratch', mountPath: tmpdir() }],
          env: [
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            {
              name: 'LABEL',
              valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" } },
            },
          ],
        }),
      ],
    },
    labels,
  );
  const { status } = await untilPod('own', (it) => it.status?.phase === 'Succeeded');
  assert.equal(status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 0);
  assert.deepEqual(JSON.parse(await sandbox.cluster.logs({ namespace, pod: 'own' })), {
    arguments: ['operator', 'create-vs', '--backupsession', 'own-$(NONE)'],
    namespace,
    mode: '600',
    user: 'system:serviceaccount:default:worker',
    POD_NAME: 'own',
    LABEL: 'u-1',
  });
});

test('another tag of our image cannot be pulled, and the pod of a Job with it waits', async () => {
  const image = `${imageRepository}:v9`;
  const why =
    `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": ` +
    `failed to resolve reference "${image}": ${image}: not found`;
  await pod('absent', { containers: [own({ image })] });
  const { status } = await untilPod('absent', (it) => {
    return it.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff';
  });
  assert.equal(status?.phase, 'Pending');
  assert.equal(
    status.containerStatuses?.[0]?.state?.waiting?.message,
    `Back-off pulling image "${image}": ErrImagePull: ${why}`,
  );
  assert.deepEqual((await eventsOf('absent', 'Error: ImagePullBackOff')).slice(1), [
    `Pulling: Pulling image "${image}"`,
    `Failed: Failed to pull image "${image}": ${why}`,
    'Failed: Error: ErrImagePull',
    `BackOff: Back-off pulling image "${image}"`,
    'Failed: Error: ImagePullBackOff',
  ]);
  await sandbox.cluster.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'absent', namespace },
    spec: {
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: 600,
      template: { spec: { restartPolicy: 'Never', containers: [own({ image })] } },
    },
  });
  await until(
    sandbox.cluster,
    pods,
    { namespace, labelSelector: 'job-name=absent' },
    ([one]) => one?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
  );
  sandbox.advance(601_000);
  const [failed] = await until(sandbox.cluster, jobs, { namespace }, ([job]) =>
    Boolean(job?.status?.conditions?.some(({ type }) => type === 'Failed')),
  );
  assert.equal(failed?.status?.failed, 1);
});

test('two replicas with the same port both become ready', async () => {
  const labels = { app: 'twins' };
  await sandbox.cluster.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'twins', namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            own({
              args: ['operator', 'run', '--listen=:8080'],
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: {
                httpGet: { path: '/ready', port: 'http' },
                periodSeconds: 1,
                timeoutSeconds: 2_147_483_647,
              },
              livenessProbe: { httpGet: { path: '/live', port: 8080 }, periodSeconds: 1 },
            }),
          ],
        },
      },
    },
  });
  await until(
    sandbox.cluster,
    deployments,
    { namespace },
    ([deployment]) => deployment?.status?.readyReplicas === 2,
  );
});

test('pods/proxy reaches the port of the right replica', async () => {
  const { users } = load(await readFile(sandbox.kubeconfig, 'utf8')) as {
    users: { user: { token: string } }[];
  };
  const bearer = { authorization: `Bearer ${users[0]?.user.token ?? ''}` };
  const client = createJsonClient(sandbox.url, { rejectUnauthorized: false }, bearer);
  try {
    const { items } = await sandbox.cluster.list(pods, { namespace, labelSelector: 'app=twins' });
    assert.equal(items.length, 2);
    for (const { metadata } of items) {
      const at = `/api/v1/namespaces/${namespace}/pods/${metadata.name}`;
      for (const [address, code] of [
        [`${at}:8080/proxy/live`, 200],
        [`${at}/proxy/live`, 200],
        [`${at}:8080/proxy/other`, 503],
        [`${at}:1/proxy/live`, 503],
        [`${at}-gone:8080/proxy/live`, 404],
      ] as const) {
        assert.equal((await client.send('GET', address)).code, code, address);
      }
    }
    const stranger = createJsonClient(sandbox.url, { rejectUnauthorized: false }, {});
    const refused = await stranger.send('GET', `/api/v1/namespaces/${namespace}/pods/x:8080/proxy/live`);
    stranger.close();
    assert.equal(refused.code, 403);
  } finally {
    client.close();
  }
});

test('a failed liveness probe restarts the container, and a pod that is never ready reports it', async () => {
  await pod('ill', {
    containers: [
      own({
        args: ['--listen=:8080'],
        ports: [{ containerPort: 8080 }],
        livenessProbe: { httpGet: { path: '/ill', port: 8080 }, periodSeconds: 1, failureThreshold: 2 },
        readinessProbe: { httpGet: { path: '/ill', port: 8080 }, periodSeconds: 1 },
      }),
    ],
  });
  const { status } = await untilPod('ill', (it) => it.status?.containerStatuses?.[0]?.restartCount === 1);
  assert.equal(status?.containerStatuses?.[0]?.ready, false);
  await eventsOf('ill', 'Liveness probe failed: HTTP probe failed with statuscode: 503');
  await sandbox.cluster.delete(pods, { name: 'ill', namespace }, { gracePeriodSeconds: 0 });
});

test('a pod that does not fit the node waits and reports why', async () => {
  await pod('picky', { nodeSelector: { disk: 'fast' }, containers: [own()] });
  const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
  const { status } = await untilPod('picky', (it) => it.status?.conditions !== undefined);
  assert.deepEqual(
    status?.conditions?.map(({ type, status: is, reason, message: why }) => [type, is, reason, why]),
    [['PodScheduled', 'False', 'Unschedulable', message]],
  );
  assert.deepEqual(await eventsOf('picky', message), [`FailedScheduling: ${message}`]);
  const nodes = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
  await sandbox.cluster.patch(nodes, { name: 'sandbox' }, { metadata: { labels: { disk: 'fast' } } });
  await untilPod('picky', (it) => it.spec.nodeName === 'sandbox');
});

test('only addresses of declared ports are rewritten', () => {
  const ports = new Map([[8080, 41_000]]);
  for (const [text, rewritten] of [
    [':8080', '127.0.0.1:41000'],
    ['--listen=0.0.0.0:8080', '--listen=127.0.0.1:41000'],
    ['--listen=[::]:8080', '--listen=127.0.0.1:41000'],
    ['localhost:8080,other:8080', '127.0.0.1:41000,other:8080'],
    ['--listen=:8081', '--listen=:8081'],
    ['http://example.com:8080/', 'http://example.com:8080/'],
    ['image:8080', 'image:8080'],
  ] as const) {
    assert.equal(rewriteAddresses(text, ports), rewritten);
  }
});

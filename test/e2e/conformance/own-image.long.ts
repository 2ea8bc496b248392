import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Container, Pod } from '#src/api/kubernetes.ts';
import { imageRepository } from '#src/api/operator.ts';
import { pods } from '#src/api/resources.ts';
import { ownImage } from '#src/cli/version.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';

const api = await openApi();
const { cluster, driver } = api.server;
const { namespace } = api;
/** Only our own node has an image of this very version. */
const skip = driver === undefined && 'the cluster has a node of its own';

async function untilPod(name: string, satisfied: (pod: Pod) => boolean): Promise<Pod> {
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const [pod] = await until(cluster, pods, scope, ([it]) => it !== undefined && satisfied(it));
  assert.ok(pod);
  return pod;
}

async function start(name: string, container: Partial<Container>): Promise<void> {
  await api.send('POST', api.at('v1', 'serviceaccounts'), { metadata: { name } });
  const containers = [{ name: 'c', image: ownImage, ...container }];
  const spec = { serviceAccountName: name, restartPolicy: 'Never', containers };
  const { code } = await api.send('POST', api.at('v1', 'pods'), { metadata: { name }, spec });
  assert.equal(code, 201);
}

test('a container of our image reaches the API as its service account', { skip }, async () => {
  await start('version', { args: ['version', '-o', 'json'] });
  const { status } = await untilPod(
    'version',
    (pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed',
  );
  const output = await cluster.logs({ namespace, pod: 'version' });
  assert.equal(status?.phase, 'Succeeded', output);
  const { serverVersion } = JSON.parse(output) as { serverVersion?: { gitVersion?: string } | string };
  assert.ok(JSON.stringify(serverVersion).includes(await cluster.serverVersion()), output);
});

test('another version of our image is missing', { skip }, async () => {
  const image = `${imageRepository}:v0.0.0-none`;
  await start('absent', { image });
  const { status } = await untilPod('absent', (pod) => {
    return pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff';
  });
  assert.equal(status?.phase, 'Pending');
  await cluster.delete(pods, { name: 'absent', namespace });
  await until(cluster, pods, { namespace }, (all) => all.every((it) => it.metadata.name !== 'absent'));
});

/** Who owns `spec.replicas` and the volume of a claim, as `metadata.managedFields` says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';

import type { ManagedFields } from '#src/api/kubernetes.ts';

import { missingKubectl } from '../kubectl.ts';
import { claimsOf } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { idle, mergePatch, strategicPatch } from './requests.ts';
import { volumesOf } from './volumes-of.ts';

const api = await openApi();
const { server, namespace } = api;
const deployments = api.at('apps/v1', 'deployments');

/** Its pods stay Pending. */
const deployment = (name: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: idle(spec, { nodeSelector: { 'x.dev/no': 'such-node' } }),
});

/** Resolves with the managers of a field: `NAME OPERATION SUBRESOURCE`, sorted. */
async function managersOf(path: string, field: 'replicas' | 'volumeName'): Promise<string[]> {
  const { body } = await api.send('GET', path);
  const { managedFields = [] } = body['metadata'] as { managedFields?: ManagedFields[] };
  return managedFields
    .filter(({ fieldsV1 }) => {
      const { 'f:spec': spec = {} } = (fieldsV1 ?? {}) as { 'f:spec'?: object };
      return `f:${field}` in spec;
    })
    .map(({ manager, operation, subresource }) => [manager, operation, subresource].filter(Boolean).join(' '))
    .sort();
}

async function scalers(name: string, expected: readonly string[], after: string): Promise<void> {
  assert.deepEqual(await managersOf(`${deployments}/${name}`, 'replicas'), expected, after);
}

/** Arguments are separated by single spaces. */
function kubectl(args: string, stdin?: object): Promise<void> {
  const env = { ...process.env, KUBECONFIG: server.kubeconfig };
  return new Promise((resolve, reject) => {
    const child = execFile('kubectl', ['-n', namespace, ...args.split(' ')], { env }, (error, _, stderr) => {
      if (error) reject(new Error(`kubectl ${args}: ${stderr}`));
      else resolve();
    });
    child.stdin?.end(JSON.stringify(stdin));
  });
}

suite('kubectl', { skip: missingKubectl() }, () => {
  test('the client that creates a workload owns its replicas, and kubectl scale takes them from it', async () => {
    const ways: [name: string, args: string, owner: string][] = [
      ['created', 'create', 'kubectl-create Update'],
      ['applied', 'apply', 'kubectl-client-side-apply Update'],
      ['applied-there', 'apply --server-side', 'kubectl Apply'],
      ['by-flux', 'apply --server-side --field-manager=flux', 'flux Apply'],
    ];
    for (const [name, args, owner] of ways) {
      await kubectl(`${args} -f -`, deployment(name));
      await scalers(name, [owner], args);
      await kubectl(`scale deployment/${name} --replicas=1`);
      await scalers(name, ['kubectl Update scale'], 'scale');
    }
  });

  test('clients that apply the same replicas on the server share them, until they give them up', async () => {
    const apply = (manager: string, spec?: object) =>
      kubectl(
        `apply --server-side --force-conflicts --field-manager=${manager} -f -`,
        deployment('shared', spec),
      );
    await apply('argocd-controller');
    await apply('flux');
    await scalers('shared', ['argocd-controller Apply', 'flux Apply'], 'the same replicas');
    await apply('flux', { replicas: undefined });
    await scalers('shared', ['argocd-controller Apply'], 'none');
    await apply('flux', { replicas: 2 });
    await scalers('shared', ['flux Apply'], 'other replicas');
  });
});

test('a client that changes the replicas owns them, by its field manager or its User-Agent', async () => {
  const made = deployment('raw', { replicas: undefined });
  assert.equal((await api.send('POST', `${deployments}?fieldManager=helm`, made)).code, 201);
  await scalers('raw', ['helm Update'], 'create without replicas');

  const path = `${deployments}/raw`;
  const merge = (to: string, replicas: number, headers = {}) =>
    api.send('PATCH', `${path}${to}`, { spec: { replicas } }, { ...mergePatch, ...headers });
  await merge('/scale?fieldManager=keda-operator', 2);
  await scalers('raw', ['keda-operator Update scale'], 'PATCH of the scale');
  const scale = { metadata: { name: 'raw', namespace }, spec: { replicas: 3 } };
  await api.send('PUT', `${path}/scale?fieldManager=operator`, scale);
  await scalers('raw', ['operator Update scale'], 'PUT of the scale');
  await api.send('PATCH', `${path}?fieldManager=a`, { spec: { replicas: 4 } }, strategicPatch);
  await scalers('raw', ['a Update'], 'PATCH');
  await merge('?fieldManager=b', 4);
  await scalers('raw', ['a Update'], 'PATCH with the same replicas');
  await merge('', 5, { 'user-agent': 'robot/1.0 (linux)' });
  await scalers('raw', ['robot Update'], 'PATCH with a User-Agent');
  await merge('', 6);
  await scalers('raw', ['unknown Update'], 'PATCH without a name');
});

test('the volume of a claim is owned by the controller that chose it, or by the client that named it', async () => {
  const { claim, bound } = claimsOf(api);
  const { reserved, patchVolume } = volumesOf(api);
  const claims = api.at('v1', 'persistentvolumeclaims');
  await claim('chosen');
  await bound('chosen');
  assert.deepEqual(await managersOf(`${claims}/chosen`, 'volumeName'), ['kube-controller-manager Update']);
  const volume = await reserved('named');
  await claim('named', { volumeName: volume });
  await bound('named');
  assert.deepEqual(await managersOf(`${claims}/named`, 'volumeName'), ['unknown Update']);
  await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Delete' });
});

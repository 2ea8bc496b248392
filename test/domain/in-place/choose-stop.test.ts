import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, ManagedFields, OwnerReference } from '#src/api/kubernetes.ts';
import { chooseStop, type StopWish } from '#src/domain/in-place/choose-stop.ts';
import type { TargetKind } from '#src/domain/workload/kinds.ts';
import { stored } from '#test/domain/objects.ts';

interface Case {
  readonly kind?: TargetKind;
  readonly managers?: readonly (string | ManagedFields)[];
  readonly owner?: Partial<OwnerReference>;
  readonly spec?: object;
  readonly others?: boolean;
}

const replicas = { 'f:spec': { 'f:replicas': {} } };

function choose(wish: StopWish, { kind = 'Deployment', managers = ['kubectl'], owner, spec, others }: Case) {
  const object = stored<KubernetesObject>({
    apiVersion: 'apps/v1',
    kind,
    metadata: {
      name: 'web',
      managedFields: managers.map((each) => ({
        fieldsV1: replicas,
        ...(typeof each === 'string' ? { manager: each } : each),
      })),
      ...(owner && {
        ownerReferences: [
          { apiVersion: 'x/v1', kind: 'Cluster', name: 'pg', uid: 'u', controller: true, ...owner },
        ],
      }),
    },
    ...{ spec: { replicas: 2, template: { spec: { containers: [] } }, ...spec } },
  });
  return chooseStop(wish, { kind, object }, others);
}

const scaled: readonly [string, Case][] = [
  ['of kubectl', { managers: ['kubectl', 'kubectl-client-side-apply', 'kubectl-edit', 'kubectl_rollout'] }],
  ['of Helm and this program', { managers: ['helm', 'kubectl-stash'] }],
  [
    'whose other fields are an operator’s',
    { managers: ['kubectl', { manager: 'op', fieldsV1: { 'f:spec': {} } }] },
  ],
  ['whose owner does not control it', { owner: { controller: false } }],
  ...(['StatefulSet', 'ReplicaSet', 'ReplicationController'] as const).map((kind): [string, Case] => [
    `of kind ${kind}`,
    { kind },
  ]),
];

for (const [which, workload] of scaled) {
  test(`a workload ${which} is scaled`, () => {
    for (const wish of ['auto', 'scale'] as const) {
      assert.deepEqual(choose(wish, workload), { value: { method: 'scale' } });
    }
    assert.deepEqual(choose('gate', workload), {
      value: { method: 'gate', why: 'you asked for --stop=gate' },
    });
  });
}

const gated: readonly [string, Case, string][] = [
  ['of Argo CD', { managers: ['kubectl', 'argocd-controller'] }, "spec.replicas is argocd-controller's"],
  [
    'of two managers',
    { managers: ['keda-operator', 'kustomize-controller', 'keda-operator'] },
    "spec.replicas is keda-operator's and kustomize-controller's",
  ],
  ['of a client like kubectl', { managers: ['kubectlx'] }, "spec.replicas is kubectlx's"],
  ['of a client like Helm', { managers: ['helm-controller'] }, "spec.replicas is helm-controller's"],
  ['of an unnamed client', { managers: [{}] }, "spec.replicas is an unnamed client's"],
  ['of an operator', { owner: {} }, 'deployment/web belongs to cluster/pg'],
  [
    'that deletes claims',
    { kind: 'StatefulSet', spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } } },
    'its claims are deleted when it is scaled down',
  ],
  ['beside others', { others: true }, 'other workloads have to stop, too'],
];

for (const [which, workload, why] of gated) {
  test(`a workload ${which} is stopped by the gate`, () => {
    for (const wish of ['auto', 'gate'] as const) {
      assert.deepEqual(choose(wish, workload), { value: { method: 'gate', why } });
    }
    const refused = choose('scale', workload);
    assert.ok('failure' in refused);
    assert.equal(refused.failure.message, `cannot stop the pods by scaling: ${why}`);
    assert.match(refused.failure.hint ?? '', /^leave out --stop=scale/);
  });
}

test('an autoscaled workload is scaled only where the user asks for it', () => {
  const managers = [{ manager: 'kube-controller-manager', subresource: 'scale' }];
  assert.deepEqual(choose('auto', { managers }), {
    value: { method: 'gate', why: "spec.replicas is kube-controller-manager's" },
  });
  assert.deepEqual(choose('scale', { managers }), { value: { method: 'scale' } });
  const withoutSubresource = choose('scale', { managers: ['kube-controller-manager'] });
  assert.ok('failure' in withoutSubresource);
});

test('a workload whose replicas have no recorded owner is scaled only where the user asks for it', () => {
  assert.deepEqual(choose('auto', { managers: [] }), {
    value: { method: 'gate', why: 'no owner of spec.replicas is recorded' },
  });
  assert.deepEqual(choose('scale', { managers: [] }), { value: { method: 'scale' } });
});

for (const kind of ['DaemonSet', 'PersistentVolumeClaim'] as const) {
  test(`a ${kind} has no replicas to scale`, () => {
    for (const wish of ['auto', 'gate'] as const) {
      assert.deepEqual(choose(wish, { kind }), { value: { method: 'gate' } });
    }
    const refused = choose('scale', { kind });
    assert.ok('failure' in refused);
    assert.equal(
      refused.failure.message,
      `cannot stop the pods by scaling: ${kind.toLowerCase()}/web has no spec.replicas`,
    );
  });
}

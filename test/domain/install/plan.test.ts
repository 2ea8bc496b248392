import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stashCrds } from '#src/api/crds/index.ts';
import type { KubernetesObject, ObjectMeta, Stored, RoleBinding } from '#src/api/kubernetes.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import { installationOf } from '#src/domain/install/bindings.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import type { Manifest } from '#src/domain/install/options.ts';
import { planInstall, refuseSecondHome, type Found } from '#src/domain/install/plan.ts';
import { isStashError } from '#src/errors.ts';

const options = { image: 'stash:1', replicas: 2, runSessions: 'in-jobs', version: 'v1' } as const;
const manifests: Manifest[] = [
  ...stashCrds.map((crd) => ({
    resource: customResourceDefinitions,
    object: { ...crd, metadata: { ...crd.metadata, name: crd.metadata.name ?? '' } },
  })),
  ...operatorManifests({ ...options, namespace: 'kubectl-stash' }),
];

function stored(object: KubernetesObject, change: Partial<ObjectMeta> = {}): Stored<KubernetesObject> {
  const known = { name: '', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-03-14T03:00:00Z' };
  return { ...object, metadata: { ...known, ...object.metadata, ...change } };
}

type Change = (manifest: Manifest) => Stored<KubernetesObject> | undefined;

const asInstalled: Change = ({ object }) => stored(object);
const find = (change: Change): Found[] => manifests.map((each) => ({ ...each, existing: change(each) }));
const only = (kind: string, change: Change): Change => {
  return (manifest) => (manifest.object.kind === kind ? change(manifest) : asInstalled(manifest));
};
const foreign: Change = ({ object }) => stored(object, { labels: {} });

const refusal = (change: Change) => {
  try {
    planInstall(find(change));
  } catch (error) {
    if (isStashError(error)) return { kind: error.kind, message: error.message, hint: error.hint };
    throw error;
  }
  return undefined;
};

test('missing objects are created, ours are updated', () => {
  assert.ok(planInstall(find(() => undefined)).every((step) => step.do === 'create'));
  assert.ok(planInstall(find(asInstalled)).every((step) => step.do === 'patch'));
});

test('foreign objects are refused, and all of them named', () => {
  assert.deepEqual(refusal(only('Role', foreign)), {
    kind: 'precondition',
    message:
      'role.rbac.authorization.k8s.io/kubectl-stash-operator in namespace kubectl-stash exists and is not managed by kubectl-stash: the label app.kubernetes.io/managed-by=kubectl-stash is missing',
    hint: 'see who manages it:\nkubectl get roles.rbac.authorization.k8s.io/kubectl-stash-operator -n kubectl-stash -o yaml',
  });
  assert.match(
    refusal(only('ClusterRole', foreign))?.message ?? '',
    /-operator, .*-trigger, .* are not managed by kubectl-stash/,
  );
});

test('an existing namespace is used and not changed', () => {
  const steps = planInstall(find(only('Namespace', foreign)));
  assert.deepEqual(
    steps.flatMap((step) => (step.do === 'leave' ? [step.object.kind, step.why] : [])),
    ['Namespace', 'it was there before'],
  );
});

test("CustomResourceDefinitions: AppsCode's are not changed, any others are updated", () => {
  const theirs: Change = ({ object }) => stored(object, { labels: { 'app.kubernetes.io/name': 'stash' } });
  const doneTo = (change: Change) =>
    planInstall(find(only('CustomResourceDefinition', change)))
      .filter(({ object }) => object.kind === 'CustomResourceDefinition')
      .map((step) => step.do);
  assert.deepEqual(doneTo(theirs), ['leave', 'leave', 'leave']);
  assert.deepEqual(doneTo(foreign), ['patch', 'patch', 'patch']);
});

test('refuses while an object is being deleted', () => {
  const leaving: Change = ({ object }) => stored(object, { deletionTimestamp: '2026-03-14T03:00:00Z' });
  const refused = refusal(only('Namespace', leaving));
  assert.equal(refused?.message, 'namespace/kubectl-stash is being deleted');
  assert.match(refused.hint ?? '', /\nkubectl wait --for=delete namespaces\/kubectl-stash$/);
});

test('refuses a second operator in another namespace', () => {
  for (const watchNamespaces of [undefined, ['demo']]) {
    const elsewhere = operatorManifests({ ...options, namespace: 'backup', watchNamespaces });
    const named = (name: string) =>
      elsewhere.find(
        ({ resource, object }) =>
          !resource.namespaced && object.metadata.name === name && object.kind.endsWith('Binding'),
      )?.object as RoleBinding | undefined;
    const installed = installationOf(
      named('kubectl-stash-operator'),
      named('kubectl-stash-snapshot-classes'),
    );
    assert.deepEqual(installed, { home: 'backup', watchNamespaces });
    refuseSecondHome(undefined, 'kubectl-stash');
    refuseSecondHome(installed, 'backup');
    assert.throws(
      () => {
        refuseSecondHome(installed, 'kubectl-stash');
      },
      {
        kind: 'precondition',
        message: 'the operator is already installed in namespace backup',
        hint: 'update that installation:\nkubectl stash install -n backup\nor remove it first:\nkubectl stash uninstall -n backup',
      },
    );
  }
});

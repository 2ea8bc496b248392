import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stashCrds } from '#src/api/crds/index.ts';
import type { KubernetesObject, ObjectMeta, Stored, RoleBinding } from '#src/api/kubernetes.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import { installationOf } from '#src/domain/install/bindings.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import type { Manifest } from '#src/domain/install/options.ts';
import { planInstall, refuseHelms, refuseSecondHome, type Found } from '#src/domain/install/plan.ts';
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

const ours: Record<string, string> = { 'app.kubernetes.io/managed-by': 'kubectl-stash' };
const asInstalled: Change = ({ object }) => stored(object);
const find = (change: Change): Found[] => manifests.map((each) => ({ ...each, existing: change(each) }));
const only = (kind: string, change: Change): Change => {
  return (manifest) => (manifest.object.kind === kind ? change(manifest) : asInstalled(manifest));
};
/** As Helm marks the objects of this project's chart. */
const helms = {
  labels: { 'app.kubernetes.io/name': 'kubectl-stash', 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': 'stash', 'meta.helm.sh/release-namespace': 'backup' },
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
  const theirs: Partial<ObjectMeta>[] = [
    { labels: { 'app.kubernetes.io/name': 'stash' } },
    { labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
    { annotations: { 'meta.helm.sh/release-name': 'stash' } },
  ];
  const bare: Change = ({ object }) =>
    stored({ apiVersion: 'v1', kind: object.kind, metadata: { name: object.metadata.name } });
  const doneTo = (change: Change) =>
    planInstall(find(only('CustomResourceDefinition', change)))
      .filter(({ object }) => object.kind === 'CustomResourceDefinition')
      .map((step) => step.do);
  for (const metadata of theirs) {
    const change: Change = ({ object }) => stored(object, metadata);
    assert.deepEqual(doneTo(change), ['leave', 'leave', 'leave']);
    const [step] = planInstall(find(only('CustomResourceDefinition', change)));
    assert.ok(step?.do === 'leave');
    assert.equal(step.why, "it belongs to AppsCode's Stash");
  }
  for (const change of [foreign, bare]) assert.deepEqual(doneTo(change), ['patch', 'patch', 'patch']);
  const ofChart: Change = ({ object }) => stored(object, helms);
  assert.deepEqual(doneTo(ofChart), ['leave', 'leave', 'leave']);
  const [step] = planInstall(find(only('CustomResourceDefinition', ofChart)));
  assert.equal(step?.do === 'leave' && step.why, 'it belongs to Helm release stash in namespace backup');
});

test('refuses while an object is being deleted', () => {
  const leaving: Change = ({ object }) => stored(object, { deletionTimestamp: '2026-03-14T03:00:00Z' });
  const refused = refusal(only('Namespace', leaving));
  assert.equal(refused?.kind, 'precondition');
  assert.equal(refused.message, 'namespace/kubectl-stash is being deleted');
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

test('an installation is told by ClusterRoleBindings of ours that bind the operator', () => {
  const account = { kind: 'ServiceAccount' as const, name: 'kubectl-stash-operator', namespace: 'backup' };
  const group = { kind: 'Group' as const, name: 'system:serviceaccounts:demo' };
  const binding = (subjects: RoleBinding['subjects'], labels = ours): RoleBinding => ({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { labels } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'a' },
    ...(subjects && { subjects }),
  });
  const rows: [string, RoleBinding | undefined, RoleBinding | undefined, string[] | 'all' | undefined][] = [
    ['none', undefined, undefined, undefined],
    ['all namespaces', binding([account]), undefined, 'all'],
    ['not managed by us', binding([account], {}), binding([account], {}), undefined],
    ['without subjects', binding(undefined), binding(undefined), undefined],
    ['of another account', binding([{ ...account, name: 'other' }]), undefined, undefined],
    ['of a user of that name', binding([{ ...account, kind: 'User' }]), undefined, undefined],
    ['some namespaces', undefined, binding([account, group]), ['demo']],
    ['some, beside another account', undefined, binding([{ ...account, name: 'other' }, group]), undefined],
    [
      'some, beside groups and users of other names',
      undefined,
      binding([
        account,
        group,
        { kind: 'Group', name: 'system:authenticated' },
        { kind: 'User', name: 'system:serviceaccounts:shop' },
      ]),
      ['demo'],
    ],
  ];
  for (const [what, operator, classes, watched] of rows) {
    const expected = watched && {
      home: 'backup',
      watchNamespaces: watched === 'all' ? undefined : watched,
    };
    assert.deepEqual(installationOf(operator, classes), expected, what);
  }
});

test('an operator of the chart is found, and left to Helm', () => {
  const account = { kind: 'ServiceAccount' as const, name: 'kubectl-stash-operator', namespace: 'backup' };
  const binding = (metadata: ObjectMeta): RoleBinding => ({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'a' },
    subjects: [account],
  });
  const release = { name: 'stash', namespace: 'backup' };
  for (const [operator, classes, watchNamespaces] of [
    [binding(helms), undefined, undefined],
    [undefined, binding(helms), []],
  ] as const) {
    const installed = installationOf(operator, classes);
    assert.deepEqual(installed, { home: 'backup', watchNamespaces, release });
    assert.throws(
      () => {
        refuseHelms(installed);
      },
      {
        kind: 'precondition',
        message: 'Helm release stash in namespace backup manages the operator',
        hint: 'change its values with helm upgrade, or remove it:\nhelm uninstall stash -n backup --wait',
      },
    );
  }
  const another = binding({ ...helms, labels: { ...helms.labels, 'app.kubernetes.io/name': 'other' } });
  assert.equal(installationOf(another, undefined), undefined);
  refuseHelms(installationOf(another, undefined));
  refuseHelms(installationOf(binding({ labels: ours }), undefined));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RuntimeSettings } from '#src/api/stash.ts';
import { buildJobRights } from '#src/domain/operator/build-job-rights.ts';
import { buildPodTemplate, type PodTemplateOptions } from '#src/domain/operator/pod-template.ts';
import { configuration, stored } from '#test/domain/objects.ts';

const options: PodTemplateOptions = {
  component: 'snapshotter',
  args: ['operator', 'create-vs'],
  image: 'registry/stash:v1',
  serviceAccount: 'stash-nightly',
};

test('the pod of a Job is restricted, small and labelled', () => {
  assert.deepEqual(buildPodTemplate(options), {
    metadata: {
      labels: {
        'app.kubernetes.io/managed-by': 'kubectl-stash',
        'app.kubernetes.io/component': 'snapshotter',
      },
    },
    spec: {
      restartPolicy: 'Never',
      serviceAccountName: 'stash-nightly',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'snapshotter',
          image: 'registry/stash:v1',
          args: ['operator', 'create-vs'],
          env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          resources: { requests: { cpu: '50m', memory: '96Mi' } },
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  });
});

test('honours every setting of a pod', () => {
  const settings = {
    nodeSelector: { disk: 'ssd' },
    nodeName: 'node-1',
    automountServiceAccountToken: true,
    imagePullSecrets: [{ name: 'registry' }],
    affinity: { nodeAffinity: {} },
    schedulerName: 'mine',
    tolerations: [{ key: 'backup', operator: 'Exists' }],
    priorityClassName: 'low',
    priority: 0,
    readinessGates: [{ conditionType: 'a/b' }],
    runtimeClassName: 'gvisor',
    enableServiceLinks: false,
    topologySpreadConstraints: [{ maxSkew: 1 }],
  } satisfies NonNullable<RuntimeSettings['pod']>;
  for (const [field, value] of Object.entries(settings)) {
    const { spec } = buildPodTemplate({ ...options, runtimeSettings: { pod: { [field]: value } } });
    assert.deepEqual((spec as unknown as Record<string, unknown>)[field], value, field);
  }
  const { metadata, spec } = buildPodTemplate({
    ...options,
    runtimeSettings: {
      pod: {
        podLabels: { team: 'storage', 'app.kubernetes.io/managed-by': 'them' },
        podAnnotations: { note: 'a' },
        securityContext: { runAsUser: 1000, runAsNonRoot: false },
        serviceAccountName: 'theirs',
        runtimeClassName: '',
      },
    },
  });
  assert.deepEqual(metadata, {
    labels: {
      team: 'storage',
      'app.kubernetes.io/managed-by': 'kubectl-stash',
      'app.kubernetes.io/component': 'snapshotter',
    },
    annotations: { note: 'a' },
  });
  assert.deepEqual(spec.securityContext, {
    runAsUser: 1000,
    runAsNonRoot: false,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.equal(spec.serviceAccountName, 'stash-nightly');
  assert.ok(!('runtimeClassName' in spec));
});

test('honours every setting of a container', () => {
  const settings = {
    resources: { limits: { memory: '1Gi' } },
    securityContext: { readOnlyRootFilesystem: false },
    env: [{ name: 'HTTPS_PROXY', value: 'http://proxy' }],
  } satisfies RuntimeSettings['container'];
  const own = { name: 'TRIGGER', value: 'a' };
  const template = buildPodTemplate({
    ...options,
    env: [own],
    imagePullPolicy: 'Always',
    runtimeSettings: { container: settings },
  });
  const [container] = template.spec.containers;
  assert.deepEqual(container, {
    ...settings,
    name: 'snapshotter',
    image: 'registry/stash:v1',
    imagePullPolicy: 'Always',
    terminationMessagePolicy: 'FallbackToLogsOnError',
    args: ['operator', 'create-vs'],
    env: [
      { name: 'HTTPS_PROXY', value: 'http://proxy' },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      own,
    ],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: false,
      capabilities: { drop: ['ALL'] },
    },
  });
});

test('the ServiceAccount and the bindings belong to the configuration', () => {
  const made = buildJobRights(configuration('nightly'), ['reader'], 'Role');
  const metadata = {
    namespace: 'demo',
    labels: { 'app.kubernetes.io/managed-by': 'kubectl-stash' },
    ownerReferences: [
      {
        ...{ apiVersion: 'stash.appscode.com/v1beta1', kind: 'BackupConfiguration', name: 'nightly' },
        ...{ uid: 'uid-of-backupconfiguration-nightly', controller: true },
      },
    ],
  };
  assert.deepEqual(made.serviceAccount, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { ...metadata, name: 'stash-nightly' },
  });
  assert.deepEqual(made.bindings, [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { ...metadata, name: 'stash.role-nightly-reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'stash-nightly', namespace: 'demo' }],
    },
  ]);
});

test('builds a ServiceAccount unless one is given, and a binding for each role', () => {
  const made = buildJobRights(
    configuration('nightly', {
      runtimeSettings: { pod: { serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': 'arn' } } },
    }),
    ['reader', 'writer'],
  );
  assert.equal(made.account, 'stash-nightly');
  assert.equal(made.serviceAccount?.metadata.annotations, undefined);
  assert.deepEqual(made.annotations, { 'eks.amazonaws.com/role-arn': 'arn' });
  assert.deepEqual(
    made.bindings.map(({ metadata, roleRef, subjects }) => [metadata.name, roleRef.name, subjects]),
    ['reader', 'writer'].map((role) => [
      `stash-nightly-${role}`,
      role,
      [{ kind: 'ServiceAccount', name: 'stash-nightly', namespace: 'demo' }],
    ]),
  );
  const given = buildJobRights(
    configuration('nightly', { runtimeSettings: { pod: { serviceAccountName: 'theirs' } } }),
    ['reader'],
  );
  assert.equal(given.serviceAccount, undefined);
  assert.deepEqual(given.bindings[0]?.subjects?.[0]?.name, 'theirs');

  const restore = stored({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'nightly' },
    spec: {},
  });
  assert.equal(buildJobRights(restore, []).account, 'stash.restore-nightly');
});

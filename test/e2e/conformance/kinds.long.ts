import assert from 'node:assert/strict';
import { test } from 'node:test';

import { customResourceDefinitions } from '#src/api/resources.ts';
import { listOf, text } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';
import { idle, mergePatch, messageOf, metadataOf, strategicPatch, unbound } from './requests.ts';

const api = await openApi();

test('workloads and claims get their defaults', async () => {
  const container = {
    name: 'c',
    image: 'busybox:1',
    ports: [{ containerPort: 80 }],
    env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
  };
  const podSpec = {
    containers: [
      {
        ...container,
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        env: [{ name: 'N', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  };
  const selector = { matchLabels: { app: 'idle' } };
  const template = { metadata: { labels: { app: 'idle' } }, spec: podSpec };
  const given = { selector, template: { ...template, spec: { containers: [container] } } };
  const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const rows: [plural: string, spec: object, filled: object, status: object][] = [
    [
      'deployments',
      given,
      {
        replicas: 1,
        selector,
        template,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
      {},
    ],
    [
      'statefulsets',
      { ...given, serviceName: 's', volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: claimSpec }] },
      {
        replicas: 1,
        selector,
        template,
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'v' },
            spec: { ...claimSpec, volumeMode: 'Filesystem' },
            status: { phase: 'Pending' },
          },
        ],
        serviceName: 's',
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        revisionHistoryLimit: 10,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      },
      { replicas: 0, availableReplicas: 0 },
    ],
    [
      'daemonsets',
      given,
      {
        selector,
        template,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
        revisionHistoryLimit: 10,
      },
      { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
    ],
    ['replicasets', given, { replicas: 1, selector, template }, { replicas: 0 }],
  ];
  const metadata = { name: 'filled' };
  for (const [plural, spec, filled, status] of rows) {
    const { body } = await api.send('POST', `${api.at('apps/v1', plural)}?dryRun=All`, { metadata, spec });
    assert.deepEqual(body['spec'], filled, plural);
    assert.deepEqual(body['status'], status, plural);
  }
  const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };
  const claim = { metadata, spec: unbound({ dataSource: source }) };
  const claims = `${api.at('v1', 'persistentvolumeclaims')}?dryRun=All`;
  const { body } = await api.send('POST', claims, claim);
  assert.deepEqual(
    body['spec'],
    unbound({ dataSource: source, dataSourceRef: source, volumeMode: 'Filesystem' }),
  );
  assert.deepEqual(body['status'], { phase: 'Pending' });
  const recreate = { metadata, spec: idle({ strategy: { type: 'Recreate' } }) };
  const created = await api.send('POST', `${api.at('apps/v1', 'deployments')}?dryRun=All`, recreate);
  assert.deepEqual(created.body['spec']?.['strategy'], { type: 'Recreate' });
});

const schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1 },
        color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
        port: { 'x-kubernetes-int-or-string': true },
        note: { type: 'string', nullable: true },
        free: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { n: { type: 'integer' } },
        },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        parts: {
          type: 'array',
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, count: { type: 'integer', default: 1 } },
          },
        },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
};

test('a custom kind is served, pruned, defaulted and validated, and deleted with its definition', async () => {
  const group = `${api.namespace}.stash-e2e.dev`;
  const name = `widgets.${group}`;
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const widgets = api.at(`${group}/v1`, 'widgets');
  const widget = (object: string, spec: unknown, more: object = {}) => ({
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: object },
    spec,
    ...more,
  });
  const made = await api.send('POST', definitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {} },
        },
      ],
    },
  });
  assert.equal(made.code, 201, messageOf(made));
  assert.deepEqual(made.body['spec']?.['names'], {
    plural: 'widgets',
    singular: 'widget',
    kind: 'Widget',
    listKind: 'WidgetList',
  });
  try {
    await until(api.server.cluster, customResourceDefinitions, {}, (items) =>
      items.some(
        ({ metadata, status }) =>
          metadata.name === name &&
          status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True'),
      ),
    );
    for (let asked = 0; asked < 1000 && (await api.send('GET', widgets)).code === 404; asked += 1);

    const spec = {
      size: 1,
      port: '80%',
      note: null,
      free: { n: 1, anything: { goes: [1] } },
      labels: { a: 'b' },
      parts: [{ name: 'p', extra: 1 }],
    };
    const created = await api.send('POST', widgets, widget('w', spec, { status: { phase: 'Done' } }));
    assert.deepEqual(created.body['spec'], { ...spec, color: 'red', parts: [{ name: 'p', count: 1 }] });
    assert.equal(created.body['status'], undefined);
    assert.equal(created.headers['warning'], String.raw`299 - "unknown field \"spec.parts[0].extra\""`);

    const size = 'spec.size in body';
    const rows: [object: object, causes: string[]][] = [
      [widget('x', {}), ['spec.size: Required value']],
      [widget('x', undefined), ['spec: Required value']],
      [
        widget('x', { size: 0 }),
        [`spec.size: Invalid value: 0: ${size} should be greater than or equal to 1`],
      ],
      [
        widget('x', { size: 'x' }),
        [`spec.size: Invalid value: "string": ${size} must be of type integer: "string"`],
      ],
      [
        widget('x', { color: 'green', parts: [{ name: 5 }] }),
        [
          'spec.color: Unsupported value: "green": supported values: "red", "blue"',
          'spec.parts[0].name: Invalid value: "integer": spec.parts[0].name in body must be of type string: "integer"',
          'spec.size: Required value',
        ],
      ],
    ];
    for (const [object, causes] of rows) {
      const answer = await api.send('POST', widgets, object);
      assert.equal(answer.code, 422);
      assert.ok(messageOf(answer).startsWith(`Widget.${group} "x" is invalid: `));
      const { name: of, group: its, kind, causes: found } = answer.body['details'] ?? {};
      assert.deepEqual([of, its, kind], ['x', group, 'Widget']);
      const told = listOf(found).map(({ field, message }) => `${text(field)}: ${text(message)}`);
      assert.deepEqual(
        told.filter((each) => !each.includes('some validation rules were not checked')).sort(),
        causes,
      );
    }

    const status = { spec: { size: 9 }, status: { phase: 'Done', x: 1 } };
    const done = await api.send('PATCH', `${widgets}/w/status`, status, mergePatch);
    assert.deepEqual([done.body['spec']?.['size'], done.body['status']], [1, { phase: 'Done' }]);
    assert.equal(metadataOf(done)['generation'], 1);
    const resized = await api.send('PATCH', `${widgets}/w`, { spec: { size: 2 } }, mergePatch);
    assert.equal(metadataOf(resized)['generation'], 2);
    assert.equal((await api.send('PATCH', `${widgets}/w`, {}, strategicPatch)).code, 415);
    const versionless = await api.send('PUT', `${widgets}/w`, widget('w', { size: 3 }));
    assert.deepEqual(
      [versionless.code, messageOf(versionless)],
      [
        422,
        `${name} "w" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
      ],
    );
    await api.send('PATCH', `${widgets}/w`, { metadata: { finalizers: ['x.dev/hold'] } }, mergePatch);
  } finally {
    await api.send('DELETE', `${definitions}/${name}`);
  }
  const leaving = await api.send('GET', `${definitions}/${name}`);
  assert.deepEqual(metadataOf(leaving)['finalizers'], ['customresourcecleanup.apiextensions.k8s.io']);
  await api.send('PATCH', `${widgets}/w`, { metadata: { finalizers: null } }, mergePatch);
  await until(api.server.cluster, customResourceDefinitions, {}, (items) =>
    items.every(({ metadata }) => metadata.name !== name),
  );
});

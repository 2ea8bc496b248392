import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listOf, text, type Answer } from '#test/support/json-client.ts';

import { openApi } from './open-api.ts';
import { idle, mergePatch, messageOf, refusalOf, unbound } from './requests.ts';

const api = await openApi();
const maps = api.at('v1', 'configmaps');
const claims = api.at('v1', 'persistentvolumeclaims');
const deployments = api.at('apps/v1', 'deployments');
const statefulSets = api.at('apps/v1', 'statefulsets');
const snapshots = api.at('snapshot.storage.k8s.io/v1', 'volumesnapshots');

test('an invalid object is reported field by field', async () => {
  const metadata = { name: 'wrong' };
  const image = 'i';
  const containers = [
    { name: 'a.b', image, volumeMounts: [{ name: 'v.w', mountPath: '/x' }] },
    { name: 'c', image },
    { name: 'c', image },
  ];
  const emptyDir = {};
  const volumes = [{ name: 'v.w', emptyDir }, { name: 'w', emptyDir }, { name: 'w', emptyDir }, { emptyDir }];
  const readinessProbe = { exec: { command: ['true'] } };
  const initContainers = [
    { name: 'c', image, readinessProbe },
    { name: 'i' },
    { name: 'i', image, restartPolicy: 'Always', readinessProbe },
  ];
  const unlabelled = { spec: { containers: [{ name: 'c', image }] } };
  const subdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
    String.raw`'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
  const name =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const value =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
  const rows: [path: string, object: object, causes: string[]][] = [
    [
      maps,
      { metadata: { name: 'Not_A_Name' } },
      [`metadata.name: Invalid value: "Not_A_Name": ${subdomain}`],
    ],
    [maps, { metadata: {} }, ['metadata.name: Required value: name or generateName is required']],
    [
      maps,
      { metadata: { ...metadata, labels: { '-a': 'b', c: '-' }, annotations: { 'x y': '' } } },
      [
        `metadata.labels: Invalid value: "-a": ${name}`,
        `metadata.labels: Invalid value: "-": ${value}`,
        `metadata.annotations: Invalid value: "x y": ${name}`,
      ],
    ],
    [
      maps,
      { metadata: { ...metadata, ownerReferences: [{ name: 'a' }] } },
      [
        'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
        'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
        'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      ],
    ],
    [
      maps,
      { metadata: { ...metadata, finalizers: ['hold'] } },
      [
        'metadata.finalizers[0]: Invalid value: "hold": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      claims,
      { metadata, spec: {} },
      [
        'spec.accessModes: Required value: at least 1 access mode is required',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      claims,
      {
        metadata,
        spec: { accessModes: ['X'], resources: { requests: { storage: '0' } }, volumeMode: 'Tape' },
      },
      [
        'spec.accessModes: Unsupported value: "X": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.resources[storage]: Invalid value: "0": must be greater than zero',
        'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
      ],
    ],
    [
      deployments,
      { metadata },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
        'spec.template.spec.containers: Required value',
      ],
    ],
    [
      deployments,
      { metadata, spec: idle({ template: unlabelled }) },
      ['spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`'],
    ],
    [
      deployments,
      { metadata, spec: idle({ replicas: -1 }, { restartPolicy: 'Never' }) },
      [
        'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      ],
    ],
    [
      deployments,
      { metadata, spec: idle({}, { containers, volumes }) },
      [
        'spec.template.spec.volumes[0].name: Invalid value: "v.w": must not contain dots',
        'spec.template.spec.volumes[2].name: Duplicate value: "w"',
        'spec.template.spec.volumes[3].name: Required value',
        'spec.template.spec.containers[0].name: Invalid value: "a.b": must not contain dots',
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "v.w"',
        'spec.template.spec.containers[2].name: Duplicate value: "c"',
      ],
    ],
    [
      deployments,
      { metadata, spec: idle({}, { initContainers }) },
      [
        'spec.template.spec.initContainers[0].name: Duplicate value: "c"',
        'spec.template.spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
        'spec.template.spec.initContainers[1].image: Required value',
        'spec.template.spec.initContainers[2].name: Duplicate value: "i"',
      ],
    ],
  ];
  for (const [path, object, causes] of rows) {
    const answer = await api.send('POST', path, object);
    assert.deepEqual(causesOf(answer), causes.toSorted());
    const group = path === deployments ? { group: 'apps' } : {};
    const kinds = { [maps]: 'ConfigMap', [claims]: 'PersistentVolumeClaim', [deployments]: 'Deployment' };
    const given = (object as { metadata: { name?: string } }).metadata.name;
    assert.deepEqual(refusalOf(answer), {
      code: 422,
      status: 'Failure',
      reason: 'Invalid',
      name: given,
      ...group,
      kind: kinds[path],
    });
  }
});

test('a value of the wrong type', async () => {
  const labels = await api.send('POST', maps, { metadata: { name: 'x', labels: { a: 1 } } });
  assert.equal(
    messageOf(labels),
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ' +
      'ObjectMeta.metadata.labels of type string',
  );
  const many = unbound({ resources: { requests: { storage: 'many' } } });
  const quantity = await api.send('POST', claims, { metadata: { name: 'x' }, spec: many });
  assert.deepEqual([labels.code, quantity.code], [400, 400]);
  assert.match(
    messageOf(quantity),
    /quantities must match the regular expression '\^\(\[\+-\]\?\[0-9\.\]\+\)/,
  );
});

test('immutable fields', async () => {
  const metadata = { name: 'fixed' };
  await api.send('POST', claims, { metadata, spec: unbound() });
  await api.send('POST', deployments, { metadata, spec: idle() });
  await api.send('POST', statefulSets, { metadata, spec: idle({ serviceName: 's' }) });
  const classes = '/apis/storage.k8s.io/v1/storageclasses';
  const claimRule =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  const other = { matchLabels: { app: 'other' } };
  const rows: [path: string, patch: object, cause: string][] = [
    [`${claims}/fixed`, { spec: { storageClassName: 'other' } }, claimRule],
    [`${claims}/fixed`, { spec: { resources: { requests: { storage: '1Mi' } } } }, claimRule],
    [`${claims}/fixed`, { spec: { resources: { requests: { storage: '2Gi' } } } }, claimRule],
    [
      `${deployments}/fixed`,
      { spec: { selector: other, template: { metadata: { labels: { app: 'other' } } } } },
      'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
    ],
    [
      `${statefulSets}/fixed`,
      { spec: { serviceName: 'other' } },
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template'",
    ],
    [
      `${classes}/${api.server.storageClass}`,
      { provisioner: 'other' },
      'provisioner: Invalid value: "other": field is immutable',
    ],
  ];
  for (const [path, patch, cause] of rows) {
    const answer = await api.send('PATCH', path, patch, mergePatch);
    assert.equal(answer.code, 422, path);
    assert.ok(
      causesOf(answer).some((each) => each.startsWith(cause)),
      `${cause}\n${messageOf(answer)}`,
    );
  }
  const named = await api.send('PATCH', `${claims}/fixed`, { spec: { volumeName: 'pv' } }, mergePatch);
  assert.equal(named.code, 200);
});

test('unknown fields are dropped with a warning, dropped silently, or rejected by name', async () => {
  const metadata = { name: 'typo' };
  const snapshot = {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata,
    spec: { typo: 1, source: { persistentVolumeClaimName: 'c' } },
  };
  const rows: [kind: string, path: string, object: object][] = [
    ['ConfigMap', maps, { metadata, typo: {} }],
    ['PersistentVolumeClaim', claims, { metadata, spec: unbound({ typo: 1 }) }],
    ['Deployment', deployments, { metadata, spec: idle({ typo: 1 }) }],
    ['Deployment', deployments, { metadata, spec: idle({}, { typo: 1 }) }],
    [
      'Deployment',
      deployments,
      { metadata, spec: idle({}, { containers: [{ name: 'c', image: 'i', typo: 1 }] }) },
    ],
    ['VolumeSnapshot', snapshots, snapshot],
  ];
  const fields = [
    'typo',
    'spec.typo',
    'spec.typo',
    'spec.template.spec.typo',
    'spec.template.spec.containers[0].typo',
    'spec.typo',
  ];
  for (const [index, [kind, path, object]] of rows.entries()) {
    const field = fields[index] ?? '';
    const strict = await api.send('POST', `${path}?fieldValidation=Strict&dryRun=All`, object);
    assert.deepEqual([strict.code, strict.body['reason']], [400, 'BadRequest']);
    assert.equal(
      messageOf(strict),
      `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: unknown field "${field}"`,
    );
    const warned = await api.send('POST', `${path}?dryRun=All`, object);
    assert.equal(warned.code, 201, messageOf(warned));
    assert.ok(!JSON.stringify({ ...warned.body, metadata: {} }).includes('typo'));
    assert.equal(warned.headers['warning'], `299 - ${JSON.stringify(`unknown field "${field}"`)}`);
    const ignored = await api.send('POST', `${path}?fieldValidation=Ignore&dryRun=All`, object);
    assert.deepEqual([ignored.code, ignored.headers['warning']], [201, undefined]);
  }
});

function causesOf({ body }: Answer): string[] {
  return listOf(body['details']?.['causes'])
    .map(({ field, message }) => `${text(field)}: ${text(message)}`)
    .sort();
}

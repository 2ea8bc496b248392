import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { annotation } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';

function template(
  name: string | undefined,
  snapshot: string,
  labels?: Record<string, string>,
): VolumeClaimTemplate {
  return {
    metadata: { ...(name !== undefined && { name }), ...(labels && { labels }) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'csi-standard',
      resources: { requests: { storage: '1Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot },
    },
  };
}

function session(
  volumeClaimTemplates: VolumeClaimTemplate[],
  target: { replicas?: number } = {},
  spec: Partial<RestoreSession['spec']> = { driver: 'VolumeSnapshotter' },
): RestoreSession {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'restore-pvc', namespace: 'demo' },
    spec: { ...spec, target: { ...target, volumeClaimTemplates } },
  };
}

function pairs(templates: VolumeClaimTemplate[]) {
  return templates.map(({ metadata, spec }) => [metadata.name, spec.dataSource?.name]);
}

const guide = template(
  'restore-data-restore-demo-${POD_ORDINAL}',
  'source-data-stash-demo-${POD_ORDINAL}-fnbwz',
);

test("the guides' StatefulSet: one claim for each ordinal", () => {
  assert.deepEqual(pairs(expandTemplates(session([guide], { replicas: 3 }))), [
    ['restore-data-restore-demo-0', 'source-data-stash-demo-0-fnbwz'],
    ['restore-data-restore-demo-1', 'source-data-stash-demo-1-fnbwz'],
    ['restore-data-restore-demo-2', 'source-data-stash-demo-2-fnbwz'],
  ]);
});

test('one replica unless the target says how many', () => {
  assert.deepEqual(pairs(expandTemplates(session([guide]))), [
    ['restore-data-restore-demo-0', 'source-data-stash-demo-0-fnbwz'],
  ]);
});

test('a template without the variable is one claim, unchanged', () => {
  const plain = template('restore-data', 'source-data-fnbwz', { app: 'x' });
  assert.deepEqual(expandTemplates(session([plain], { replicas: 3 })), [plain]);
});

test('replaces the ordinal in labels, too, and changes nothing else', () => {
  const [first] = expandTemplates(session([template('data', 'snap', { pod: 'demo-${POD_ORDINAL}' })]));
  assert.deepEqual(first, template('data', 'snap', { pod: 'demo-0' }));
});

test('each template gives as many claims as there are ordinals, all of different names', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/)),
      (replicas, stems) => {
        fc.pre(stems.length > 0);
        const templates = stems.map((stem) =>
          template(`${stem}-\${POD_ORDINAL}`, `${stem}-\${POD_ORDINAL}-snap`),
        );
        const names = expandTemplates(session(templates, { replicas })).map(({ metadata }) => metadata.name);
        assert.equal(new Set(names).size, replicas * stems.length);
      },
    ),
  );
});

const withSource = (dataSource: VolumeClaimTemplate['spec']['dataSource']): VolumeClaimTemplate => ({
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], ...(dataSource && { dataSource }) },
});
const example = 'write dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: NAME}';

const modes = 'ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod';
const plain = template('data', 'snap');
const changed = (spec: object, metadata: object = {}): RestoreSession =>
  session([
    {
      metadata: { ...plain.metadata, ...metadata },
      spec: { ...plain.spec, ...spec },
    },
  ]);
const at = 'spec.target.volumeClaimTemplates[0]';
const onlyFromSnapshot = 'is refused: a restored claim gets a new volume from its snapshot, and nothing else';
const other = 'is "other", which is not the session\'s namespace';
const ref = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap' };

const refused: { name: string; session: RestoreSession; message: string; hint?: string }[] = [
  {
    name: 'an access mode that there is not',
    session: changed({ accessModes: ['ReadWriteOnce', 'RWX'] }),
    message: `claim template data has the access mode "RWX", which is none of ${modes}`,
    hint: 'write accessModes: [ReadWriteOnce]',
  },
  {
    name: 'ReadWriteOncePod beside others',
    session: changed({ accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] }),
    message: 'claim template data has the access mode ReadWriteOncePod beside others',
    hint: 'write accessModes: [ReadWriteOncePod]',
  },
  {
    name: 'a template that does not mention access modes',
    session: changed({ accessModes: undefined }),
    message: 'claim template data has no spec.accessModes',
    hint: 'write accessModes: [ReadWriteOnce]',
  },
  {
    name: 'a volumeMode that there is not',
    session: changed({ volumeMode: 'File' }),
    message: 'claim template data has the volumeMode "File", which is none of Filesystem, Block',
    hint: 'write volumeMode: Filesystem, or leave it out',
  },
  ...['0', '-1Gi', 'lots'].map((storage) => ({
    name: `a request of ${storage}`,
    session: changed({ resources: { requests: { storage } } }),
    message: `claim template data has a request of "${storage}", which is no size`,
    hint: 'write storage: 1Gi',
  })),
  {
    name: 'a request of the number 0',
    session: changed({ resources: { requests: { storage: 0 } } }),
    message: 'claim template data has a request of "0", which is no size',
  },
  {
    name: 'a volume of its own choice',
    session: changed({ volumeName: 'pv-of-another' }),
    message: `${at}.spec.volumeName ${onlyFromSnapshot}`,
    hint: 'leave it out',
  },
  {
    name: 'a selector in the second template',
    session: session([guide, { ...plain, spec: { ...plain.spec, selector: {} } }]),
    message: `spec.target.volumeClaimTemplates[1].spec.selector ${onlyFromSnapshot}`,
  },
  {
    name: 'an owner',
    session: changed({}, { ownerReferences: [] }),
    message: `${at}.metadata.ownerReferences ${onlyFromSnapshot}`,
  },
  {
    name: 'an annotation of the control plane',
    session: changed({}, { annotations: { note: 'x', 'pv.kubernetes.io/bind-completed': 'yes' } }),
    message: `${at}.metadata.annotations["pv.kubernetes.io/bind-completed"] is refused: only the control plane may set it`,
    hint: 'leave it out',
  },
  {
    name: 'a claim in another namespace',
    session: changed({}, { namespace: 'other' }),
    message: `${at}.metadata.namespace ${other}`,
  },
  {
    name: 'a snapshot in another namespace',
    session: changed({ dataSourceRef: { ...ref, namespace: 'other' } }),
    message: `${at}.spec.dataSourceRef.namespace ${other}`,
  },
  {
    name: 'a workload in another namespace',
    session: {
      ...session([]),
      spec: {
        driver: 'VolumeSnapshotter',
        target: {
          ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'other' },
          volumeClaimTemplates: [plain],
        },
      },
    },
    message: `spec.target.ref.namespace ${other}`,
  },
  ...Object.keys(ref).map((field) => ({
    name: `a dataSourceRef of another ${field}`,
    session: changed({ dataSourceRef: { ...ref, [field]: 'x' } }),
    message: `${at}.spec.dataSourceRef is refused: it is not the same as the dataSource`,
  })),
  {
    name: 'a dataSourceRef of another kind by itself',
    session: changed({ dataSource: undefined, dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'x' } }),
    message:
      'the dataSourceRef of claim template data is a PersistentVolumeClaim of no apiGroup, not a VolumeSnapshot of apiGroup snapshot.storage.k8s.io',
    hint: example.replace('dataSource', 'dataSourceRef'),
  },
  {
    name: 'half a replica',
    session: session([guide], { replicas: 0.5 }),
    message: 'spec.target.replicas is 0.5',
    hint: 'write how many ordinals there are, at least 1',
  },
  {
    name: 'more claims than a session may have',
    session: session([guide, plain], { replicas: 1_000_000 }),
    message: 'the session has 1000001 claims, and the limit is 1000',
    hint: 'split it into several sessions',
  },
  {
    name: 'more claims than a session has by default',
    session: session([guide, plain], { replicas: 1_000 }),
    message: 'the session has 1001 claims, and the limit is 1000',
    hint: 'split it into several sessions, or raise --claims-per-session of the operator or of this command',
  },
  {
    name: 'a name of a snapshot that no object may have',
    session: session([template('data', 'Snap')]),
    message: '"Snap" cannot be the name of an object',
    hint: 'write lower-case letters, digits, dashes and dots',
  },
  {
    name: 'driver Restic',
    session: session([guide], {}, { driver: 'Restic' }),
    message: 'the driver is Restic',
    hint: 'only snapshots are restored here: write spec.driver: VolumeSnapshotter',
  },
  { name: 'no driver', session: session([guide], {}, {}), message: 'the driver is Restic, the default' },
  {
    name: 'no templates',
    session: session([]),
    message: 'there are no spec.target.volumeClaimTemplates',
    hint: 'add one for each claim, with a dataSource that names its VolumeSnapshot',
  },
  {
    name: 'no target',
    session: { ...session([]), spec: { driver: 'VolumeSnapshotter' } },
    message: 'there are no spec.target.volumeClaimTemplates',
  },
  { name: 'no replicas', session: session([guide], { replicas: 0 }), message: 'spec.target.replicas is 0' },
  {
    name: 'another variable',
    session: session([template('data-${POD_NAME}', 'snap')]),
    message: 'unknown variable ${POD_NAME} in metadata.name "data-${POD_NAME}"',
    hint: 'write the value itself, or ${POD_ORDINAL}, the only variable there is',
  },
  {
    name: 'another variable in a label',
    session: session([template('data', 'snap', { app: '${X}' })]),
    message: 'unknown variable ${X} in metadata.labels.app "${X}"',
  },
  {
    name: 'another variable in the dataSource',
    session: session([template('data', 'snap-${}')]),
    message: 'unknown variable ${} in dataSource.name "snap-${}"',
  },
  {
    name: 'a template without a name',
    session: session([guide, template(undefined, 'snap')]),
    message: 'volumeClaimTemplates[1] has no metadata.name',
    hint: 'write the name that the claim shall have',
  },
  {
    name: 'a template without a dataSource',
    session: session([withSource(undefined)]),
    message: 'claim template data has no spec.dataSource: it would be an empty volume',
    hint: example,
  },
  {
    name: 'a dataSource of another kind',
    session: session([withSource({ kind: 'PersistentVolumeClaim', name: 'x' })]),
    message:
      'the dataSource of claim template data is a PersistentVolumeClaim of no apiGroup, not a VolumeSnapshot of apiGroup snapshot.storage.k8s.io',
    hint: example,
  },
  {
    name: 'a dataSource of another group',
    session: session([withSource({ apiGroup: 'example.com', kind: 'VolumeSnapshot', name: 'x' })]),
    message:
      'the dataSource of claim template data is a VolumeSnapshot of apiGroup example.com, not a VolumeSnapshot of apiGroup snapshot.storage.k8s.io',
  },
  {
    name: 'a dataSource of another kind in the group',
    session: session([
      withSource({ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeGroupSnapshot', name: 'x' }),
    ]),
    message:
      'the dataSource of claim template data is a VolumeGroupSnapshot of apiGroup snapshot.storage.k8s.io, not a VolumeSnapshot of apiGroup snapshot.storage.k8s.io',
  },
  {
    name: 'a template without access modes',
    session: session([{ ...guide, spec: { ...guide.spec, accessModes: [] } }]),
    message: 'claim template restore-data-restore-demo-${POD_ORDINAL} has no spec.accessModes',
    hint: 'write accessModes: [ReadWriteOnce]',
  },
  {
    name: 'a name that no object may have',
    session: session([template('Data', 'snap')]),
    message: '"Data" cannot be the name of an object',
  },
  {
    name: 'two claims of one name',
    session: session([template('data-${POD_ORDINAL}', 'a'), template('data-0', 'b')]),
    message: 'two claims would be named data-0',
  },
  {
    name: 'the ordinal in the dataSource only',
    session: session([template('data', 'snap-${POD_ORDINAL}')], { replicas: 2 }),
    message: 'two claims would be named data',
    hint: 'give each template its own name, with ${POD_ORDINAL} in it where it makes several claims',
  },
];

test('only a restore in place chooses the node of a claim', () => {
  const chosen = changed({}, { annotations: { [selectedNode]: 'node-1' } });
  const message = `${at}.metadata.annotations["${selectedNode}"] is refused: only the control plane may set it`;
  assert.throws(() => expandTemplates(chosen), { kind: 'invalid', message });
  const metadata = { ...chosen.metadata, annotations: { [annotation.inPlace]: '{}' } };
  assert.doesNotThrow(() => expandTemplates({ ...chosen, metadata }));
  const bound = changed({}, { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } });
  assert.throws(() => expandTemplates({ ...bound, metadata }), { kind: 'invalid' });
});

for (const { name, session, ...expected } of refused) {
  test(`expandTemplates refuses ${name}`, () => {
    assert.throws(() => expandTemplates(session), { kind: 'invalid', ...expected });
  });
}

test('takes what restoring a snapshot needs, and what the API server adds or ignores', () => {
  const rows: [name: string, session: RestoreSession][] = [
    ['any one access mode', changed({ accessModes: ['ReadWriteOncePod'] })],
    ['several access modes', changed({ accessModes: ['ReadWriteOnce', 'ReadWriteMany', 'ReadOnlyMany'] })],
    ['a Block volume', changed({ volumeMode: 'Block' })],
    ['a Filesystem volume', changed({ volumeMode: 'Filesystem' })],
    ['no size', changed({ resources: undefined })],
    ['limits without requests', changed({ resources: { limits: { storage: '2Gi' } } })],
    ['a class of attributes', changed({ volumeAttributesClassName: 'silver' })],
    ['marks of its own', changed({}, { labels: { a: 'b' }, annotations: { note: 'x' } })],
    ['a class in the annotation', changed({}, { annotations: { [annotation.betaStorageClass]: 'fast' } })],
    ['its own namespace', changed({}, { namespace: 'demo', creationTimestamp: '2026-03-14T03:00:00Z' })],
    ['the empty namespace', changed({}, { namespace: '' })],
  ];
  for (const [name, given] of rows) {
    const templates = given.spec.target?.volumeClaimTemplates;
    assert.deepEqual(expandTemplates(given), templates, name);
  }
  const unplaced = { ...changed({}, { namespace: 'any' }), metadata: { name: 'restore-pvc' } };
  assert.equal(expandTemplates(unplaced).length, 1, 'the namespace of the session is not known yet');
});

test('the dataSource of a claim is the field that names its snapshot', () => {
  for (const source of [
    { dataSource: ref },
    { dataSource: undefined, dataSourceRef: ref },
    { dataSource: ref, dataSourceRef: ref },
    { dataSource: ref, dataSourceRef: { ...ref, namespace: 'demo' } },
    { dataSource: ref, dataSourceRef: null },
  ]) {
    assert.deepEqual(expandTemplates(changed(source)), [plain]);
  }
});

test('a number is the size in bytes', () => {
  const [first] = expandTemplates(
    changed({ resources: { requests: { storage: 1024, x: '1' }, limits: {} } }),
  );
  assert.deepEqual(first?.spec.resources, { requests: { storage: '1024', x: '1' }, limits: {} });
});

test('as many claims, and characters, as the limit allows', () => {
  const labels = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`l${index}`, 'x'.repeat(999)]));
  const long = template('data-${POD_ORDINAL}', 'snap', labels);
  assert.equal(expandTemplates(session([plain, guide], { replicas: 2 }), 3).length, 3);
  assert.throws(() => expandTemplates(session([plain, guide], { replicas: 3 }), 3), {
    message: 'the session has 4 claims, and the limit is 3',
  });
  assert.throws(() => expandTemplates(session([long], { replicas: 1000 })), {
    kind: 'invalid',
    message: `the templates stand for ${1000 * JSON.stringify(long).length} characters, and the limit is 20000000`,
    hint: 'write shorter labels and annotations into the templates with ${POD_ORDINAL}',
  });
  const annotations = { note: 'x'.repeat(20_000_000) };
  const once = { ...plain, metadata: { ...plain.metadata, annotations } };
  assert.equal(expandTemplates(session([once], { replicas: 2 })).length, 1, 'it is not multiplied');
});

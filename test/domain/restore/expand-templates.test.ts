import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
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

const refused: { name: string; session: RestoreSession; message: string; hint?: string }[] = [
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

for (const { name, session, ...expected } of refused) {
  test(`expandTemplates refuses ${name}`, () => {
    assert.throws(() => expandTemplates(session), { kind: 'invalid', ...expected });
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { VolumeSnapshot } from '#src/api/kubernetes.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { parseRenames, type RenameFlags } from '#src/domain/arguments/renames.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { grown, templatesOf, type RestoreOptions } from '#src/domain/restore/restore-templates.ts';
import type { SourceClaim } from '#src/domain/restore-points/source-claim.ts';

import { foreignSnapshot, ready, snapshotOf } from '#test/domain/restore-point-objects.ts';

const two = ['data', 'logs'];
const asItWas = { rename: (claim: string) => claim };

function pointOf(source: SourceClaim, status: VolumeSnapshot['status'] = ready): RestorePoint {
  return only(restorePoints([snapshotOf('s-1', 'data', { source, status })], []));
}

function only<T>(values: readonly T[]): T {
  const [value, ...more] = values;
  assert.ok(value !== undefined && more.length === 0);
  return value;
}

test('a claim comes back as it was', () => {
  const point = pointOf({
    storageClassName: 'fast',
    storage: '2Gi',
    accessModes: ['ReadWriteMany'],
    volumeMode: 'Block',
    labels: { app: 'foo' },
  });
  assert.deepEqual(templatesOf(point, asItWas), {
    templates: [
      {
        metadata: { name: 'data', labels: { app: 'foo' } },
        spec: {
          accessModes: ['ReadWriteMany'],
          storageClassName: 'fast',
          volumeMode: 'Block',
          resources: { requests: { storage: '2Gi' } },
          dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data-1' },
        },
      },
    ],
    notes: [],
  });
});

test('a claim comes back under another name, of another class, and larger where its snapshot needs it', () => {
  const point = pointOf({ storageClassName: '', storage: '500M', accessModes: ['ReadWriteOnce'] });
  const { templates, notes } = templatesOf(point, {
    rename: (claim) => `${claim}-copy`,
    storageClass: 'slow',
  });
  const { metadata, spec } = only(templates);
  assert.equal(metadata.name, 'data-copy');
  assert.equal(spec.storageClassName, 'slow');
  assert.equal(spec.resources?.requests?.storage, '1Gi');
  assert.deepEqual(notes, ['claim data-copy gets 1Gi, not 500M: snapshot data-1 needs that much']);
});

const wiki: SourceClaim = {
  storage: '1Gi',
  accessModes: ['ReadWriteOnce'],
  storageClassName: 'fast',
  volumeAttributesClassName: 'silver',
  labels: {
    app: 'wiki',
    'app.kubernetes.io/managed-by': 'Helm',
    'app.kubernetes.io/instance': 'wiki',
    'helm.sh/chart': 'wiki-4.2.0',
    'argocd.argoproj.io/instance': 'wiki',
    'kustomize.toolkit.fluxcd.io/name': 'wiki',
    'helm.toolkit.fluxcd.io/name': 'wiki',
    'velero.io/backup-name': 'nightly',
    'applyset.kubernetes.io/part-of': 'applyset-1',
  },
  annotations: {
    note: 'keep me: ${POD_ORDINAL}',
    'meta.helm.sh/release-name': 'wiki',
    'meta.helm.sh/release-namespace': 'h1',
    'helm.sh/resource-policy': 'keep',
    'argocd.argoproj.io/tracking-id': 'wiki:/PersistentVolumeClaim:h1/wiki-data',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
  },
};

test('a claim under its own name keeps all labels and annotations', () => {
  const { templates, notes } = templatesOf(pointOf(wiki), asItWas);
  const { metadata, spec } = only(templates);
  assert.deepEqual(metadata, { name: 'data', labels: wiki.labels, annotations: wiki.annotations });
  assert.equal(spec.volumeAttributesClassName, 'silver');
  assert.deepEqual(notes, []);
});

test('a claim under another name loses the marks of tools that did not create it', () => {
  const { templates } = templatesOf(pointOf(wiki), { rename: (claim) => `${claim}-copy` });
  const { metadata, spec } = only(templates);
  assert.deepEqual(metadata, {
    name: 'data-copy',
    labels: { app: 'wiki' },
    annotations: { note: 'keep me: ${POD_ORDINAL}' },
  });
  assert.equal(spec.volumeAttributesClassName, 'silver');
});

test('leaves out the labels that the user names, also of a claim under its own name', () => {
  const labels = (stripLabel: readonly string[], options: RestoreOptions = asItWas) =>
    Object.keys(only(templatesOf(pointOf(wiki), { ...options, stripLabel }).templates).metadata.labels ?? {});
  const all = Object.keys(wiki.labels ?? {});
  assert.deepEqual(labels([]), all);
  assert.deepEqual(
    labels(['app', 'helm.sh/']),
    all.filter((name) => name !== 'app' && name !== 'helm.sh/chart'),
  );
  assert.deepEqual(labels(['app'], { rename: (claim) => `${claim}-copy` }), []);
});

test('does not request the attributes class of another storage class', () => {
  const { templates, notes } = templatesOf(pointOf(wiki), { ...asItWas, storageClass: 'slow' });
  assert.equal(only(templates).spec.volumeAttributesClassName, undefined);
  assert.deepEqual(notes, [
    'claim data gets no volume attributes class: silver was for another storage class',
  ]);
  const same = templatesOf(pointOf(wiki), { ...asItWas, storageClass: 'fast' });
  assert.equal(only(same.templates).spec.volumeAttributesClassName, 'silver');
  assert.deepEqual(same.notes, []);
});

test('names annotations that are too large for a snapshot or a session', () => {
  const { notes } = templatesOf(pointOf({ ...wiki, leftOut: 'a, b' }), asItWas);
  assert.deepEqual(notes, ['claim data comes back without the annotation a, b: too large to be kept']);
  const claims = Array.from({ length: 40 }, (_, index) => `data-${index}`);
  const source = { ...wiki, annotations: { small: 'x', large: 'x'.repeat(60_000) } };
  const point = only(
    restorePoints(
      claims.map((claim) => snapshotOf('s-1', claim, { claims, source })),
      [],
    ),
  );
  const restored = templatesOf(point, asItWas);
  assert.ok(JSON.stringify(restored.templates).length < 1024 * 1024);
  assert.equal(
    restored.notes[0],
    'claim data-0 comes back without the annotation large: too large to be kept',
  );
});

test('a claim with the empty class keeps it', () => {
  assert.equal(
    only(templatesOf(pointOf({ storageClassName: '', storage: '1Gi' }), asItWas).templates).spec
      .storageClassName,
    '',
  );
});

test('a snapshot without a record of its claim: defaults, and a note', () => {
  const point = only(restorePoints([foreignSnapshot('data', { name: 'x' })], []));
  const { templates, notes } = templatesOf(point, asItWas);
  assert.deepEqual(only(templates).spec, {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'x' },
  });
  assert.deepEqual(notes, [
    'claim data becomes ReadWriteOnce and of the default storage class: snapshot x does not record its claim',
  ]);
  assert.deepEqual(templatesOf(point, { ...asItWas, storageClass: 'fast' }).notes, [
    'claim data becomes ReadWriteOnce: snapshot x does not record its claim',
  ]);
});

const half = only(restorePoints([snapshotOf('s-1', 'data', { claims: two })], []));
const full = only(
  restorePoints(
    two.map((claim) => snapshotOf('s-1', claim, { claims: two })),
    [],
  ),
);

test('restores only the requested claims, in the order of the restore point', () => {
  const names = (point: RestorePoint, only?: string[]) =>
    templatesOf(point, { ...asItWas, ...(only && { only }) }).templates.map(({ metadata }) => metadata.name);
  assert.deepEqual(names(full), two);
  assert.deepEqual(names(full, []), two);
  assert.deepEqual(names(full, ['logs', 'data']), two);
  assert.deepEqual(names(full, ['logs']), ['logs']);
  assert.deepEqual(names(half, ['data']), ['data']);
});

const refused: { name: string; point: RestorePoint; options?: Partial<RestoreOptions>; expected: object }[] =
  [
    {
      name: 'a claim that is nearly right',
      point: full,
      options: { only: ['date'] },
      expected: {
        kind: 'not-found',
        message: 'restore point s-1 has no claim date',
        hint: 'did you mean data?',
      },
    },
    {
      name: 'a claim like none',
      point: full,
      options: { only: ['x'] },
      expected: { kind: 'not-found', hint: 'its claims are data, logs' },
    },
    {
      name: 'a claim without a snapshot',
      point: half,
      expected: { kind: 'precondition', message: 'claim logs: it has no snapshot' },
    },
    {
      name: 'a claim whose snapshot is not ready',
      point: pointOf({ storage: '1Gi' }, { readyToUse: false }),
      expected: { kind: 'precondition', message: 'claim data: snapshot data-1 is not ready' },
    },
    {
      name: 'a claim of unknown size whose driver reports 0',
      point: pointOf({}, { readyToUse: true, restoreSize: '0' }),
      expected: { message: 'how large claim data must be is not known: snapshot data-1 does not say' },
    },
    {
      name: 'a claim of malformed size',
      point: pointOf({ storage: 'large' }, { readyToUse: true }),
      expected: { message: 'how large claim data must be is not known: snapshot data-1 does not say' },
    },
    {
      name: 'a claim of unknown size',
      point: pointOf({}, { readyToUse: true }),
      expected: {
        kind: 'precondition',
        message: 'how large claim data must be is not known: snapshot data-1 does not say',
        hint: 'restore it with -f FILE, a RestoreSession whose claim template requests a size',
      },
    },
  ];

for (const { name, point, options, expected } of refused) {
  test(`templatesOf refuses ${name}`, () => {
    assert.throws(() => templatesOf(point, { ...asItWas, ...options }), expected);
  });
}

test('a grown template requests the larger of the two sizes, and notes it only where it changed', () => {
  const size = fc
    .tuple(fc.nat({ max: 2000 }), fc.constantFrom('', 'Ki', 'Mi', 'k', 'M'))
    .map(([n, unit]) => `${n}${unit}`);
  fc.assert(
    fc.property(size, size, (requested, needed) => {
      const template = {
        metadata: { name: 'data' },
        spec: { resources: { requests: { storage: requested } } },
      };
      const result = grown(template, foreignSnapshot('data', { status: { ...ready, restoreSize: needed } }));
      const storage = result.template.spec.resources?.requests?.storage ?? '';
      const bytes = [requested, needed].map((text) => Number(parseQuantity(text)));
      assert.equal(Number(parseQuantity(storage)), Math.max(...bytes));
      assert.equal(result.note !== undefined, storage !== requested);
    }),
  );
});

const renames: { flags: RenameFlags; claims: string[]; expected: string[] | object }[] = [
  { flags: {}, claims: two, expected: two },
  { flags: { suffix: '-restored' }, claims: two, expected: ['data-restored', 'logs-restored'] },
  { flags: { claim: ['data=copy'], suffix: '-2' }, claims: two, expected: ['copy', 'logs-2'] },
  { flags: { claim: ['data=logs', 'logs=data'] }, claims: two, expected: ['logs', 'data'] },
  {
    flags: { claim: ['data'] },
    claims: two,
    expected: {
      kind: 'usage',
      message: '--claim data is not CLAIM=NEW-NAME',
      hint: 'write it as --claim data=NEW-NAME',
    },
  },
  { flags: { claim: ['data=a=b'] }, claims: two, expected: { kind: 'usage' } },
  { flags: { claim: ['=a'] }, claims: two, expected: { kind: 'usage' } },
  {
    flags: { claim: ['date=copy'] },
    claims: two,
    expected: {
      kind: 'not-found',
      message: '--claim date=copy: there is no claim date to restore',
      hint: 'did you mean --claim data=copy?',
    },
  },
  {
    flags: { claim: ['x=y'] },
    claims: two,
    expected: { kind: 'not-found', hint: 'the claims are data, logs' },
  },
  {
    flags: { claim: ['data=a', 'data=b'] },
    claims: two,
    expected: { kind: 'usage', message: '--claim names data twice' },
  },
  {
    flags: { claim: ['data=logs'] },
    claims: two,
    expected: { kind: 'usage', message: 'claims data and logs would both be restored as logs' },
  },
  {
    flags: { suffix: '-Restored' },
    claims: two,
    expected: { kind: 'usage', message: '"data-Restored" cannot be the name of a claim' },
  },
  { flags: { suffix: '-2' }, claims: ['d'.repeat(252)], expected: { kind: 'usage' } },
];

for (const { flags, claims, expected } of renames) {
  test(`parseRenames ${JSON.stringify(flags)} of ${claims.join(',').slice(0, 20)}`, () => {
    if (Array.isArray(expected)) assert.deepEqual(claims.map(parseRenames(flags, claims)), expected);
    else assert.throws(() => parseRenames(flags, claims), expected);
  });
}

test('a claim that requests nothing gets the size of its snapshot without a note', () => {
  const { templates, notes } = templatesOf(pointOf({ labels: {} }), asItWas);
  assert.deepEqual([only(templates).spec.resources, notes], [{ requests: { storage: '1Gi' } }, []]);
  assert.deepEqual(only(templates).metadata, { name: 'data' });
  const unread = { ...foreignSnapshot('data'), status: undefined } as never;
  const asked = { metadata: { name: 'data' }, spec: { resources: { requests: { storage: '1Gi' } } } };
  assert.deepEqual(grown(asked, unread), { template: asked });
  const limited = { metadata: { name: 'data' }, spec: { resources: { limits: { storage: '9Gi' } } } };
  assert.deepEqual(grown(limited, foreignSnapshot('data')).template.spec.resources, {
    limits: { storage: '9Gi' },
    requests: { storage: '1Gi' },
  });
});

test('a snapshot that was cut too late is restored with a warning', () => {
  const late = snapshotOf('s-1', 'data', {
    quietUntil: '2024-11-24T06:00:00Z',
    status: { ...ready, creationTime: '2024-11-24T06:00:01Z' },
  });
  assert.deepEqual(templatesOf(only(restorePoints([late], [])), asItWas).notes, [
    'claim data: snapshot data-1 was cut at 2024-11-24T06:00:01Z, after 2024-11-24T06:00:00Z, when the application resumed: it is as after a power cut',
  ]);
});

test('what is known of a claim that its snapshot does not record is used, and told', () => {
  const why = 'snapshot x does not record its claim';
  const rows: [options: Partial<RestoreOptions>, note: string][] = [
    [{ records: new Map([['data', { present: true }]]) }, `claim data becomes as claim data is now: ${why}`],
    [
      { records: new Map([['data', { present: true }]]), rename: () => 'copy' },
      `claim copy becomes as claim data is now: ${why}`,
    ],
    [
      { records: new Map([['data', { present: false, volumeMode: 'Block' }]]) },
      `claim data becomes Block, ReadWriteOnce and of the default storage class: ${why}`,
    ],
    [
      { records: new Map([['data', { present: false, volumeMode: 'Block' }]]), storageClass: 'fast' },
      `claim data becomes Block and ReadWriteOnce: ${why}`,
    ],
    [
      { records: new Map([['data', { present: false, volumeMode: 'Filesystem' }]]), storageClass: 'fast' },
      `claim data becomes ReadWriteOnce: ${why}`,
    ],
    [
      { records: new Map([['logs', { present: true }]]), storageClass: 'fast' },
      `claim data becomes ReadWriteOnce: ${why}`,
    ],
  ];
  const point = only(restorePoints([foreignSnapshot('data', { name: 'x' })], []));
  for (const [options, note] of rows) {
    assert.deepEqual(templatesOf(point, { ...asItWas, ...options }).notes, [note]);
  }
});

test('names what the snapshot left out before what is too large for the session', () => {
  const annotations = { large: 'x'.repeat(600_000) };
  const { notes } = templatesOf(pointOf({ storage: '1Gi', annotations, leftOut: 'a' }), asItWas);
  assert.deepEqual(notes, ['claim data comes back without the annotation a, large: too large to be kept']);
});

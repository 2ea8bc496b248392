/** Whether a driver will make the volumes of the claims, before any is created. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { flag } from '#src/domain/command-line.ts';
import { unfitTemplates } from '#src/domain/restore/check-provisioning.ts';
import type { RestoreWords } from '#src/domain/restore/restore-command.ts';
import type { SnapshotOrigin } from '#src/domain/restore/snapshot-origin.ts';
import { bindsLate, classOfTemplate, missingStorageClasses } from '#src/domain/restore/storage-class.ts';
import { stored, target } from '#test/domain/objects.ts';

interface ClassOptions {
  readonly provisioner?: string;
  readonly annotations?: Record<string, string>;
  readonly created?: string;
  readonly late?: boolean;
}

function storageClass(name: string, options: ClassOptions = {}): Stored<StorageClass> {
  const { provisioner = 'csi.a', annotations, created, late = false } = options;
  return stored<StorageClass>({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name,
      ...(annotations && { annotations }),
      ...(created !== undefined && { creationTimestamp: created }),
    },
    provisioner,
    volumeBindingMode: late ? 'WaitForFirstConsumer' : 'Immediate',
  });
}
const isDefault = { [annotation.defaultStorageClass]: 'true' };

function template(spec: Partial<VolumeClaimTemplate['spec']> = {}, annotations?: Record<string, string>) {
  const made: VolumeClaimTemplate = {
    metadata: { name: 'data', ...(annotations && { annotations }) },
    spec: { dataSource: { kind: 'VolumeSnapshot', name: 'snap' }, ...spec },
  };
  return made;
}

const words: RestoreWords = {
  ...{ target, from: 's-1', workload: undefined, names: new Map<string, string>() },
  flags: { only: [], suffix: undefined, claim: [] },
  written: ({ storageClass }) => (storageClass === undefined ? [] : [flag('--storage-class', storageClass)]),
};
const fast = { storageClassName: 'fast' };
const ofA: SnapshotOrigin = { driver: 'csi.a', volumeMode: undefined, mayChangeMode: undefined };

test('a class whose driver cannot make the volume from the snapshot is refused', () => {
  const rows: {
    name: string;
    template: VolumeClaimTemplate;
    classes: Stored<StorageClass>[] | undefined;
    driver?: string | undefined;
    is?: string;
  }[] = [
    { name: 'of the same driver', template: template(fast), classes: [storageClass('fast')] },
    {
      name: 'of another driver',
      template: template(fast),
      classes: [storageClass('fast', { provisioner: 'csi.b\u0007' })],
      is: 'storage class fast of claim data is of driver csi.b, and snapshot snap of driver csi.a: no driver restores the snapshot of another',
    },
    {
      name: 'the default is of another driver',
      template: template(),
      classes: [storageClass('slow', { provisioner: 'csi.b', annotations: isDefault })],
      is: 'storage class slow, the default, of claim data is of driver csi.b, and snapshot snap of driver csi.a: no driver restores the snapshot of another',
    },
    {
      name: 'of a driver that Kubernetes translates',
      template: template(fast),
      classes: [storageClass('fast', { provisioner: 'kubernetes.io/aws-ebs' })],
    },
    {
      name: 'of another driver, where that of the snapshot is not known',
      template: template(fast),
      classes: [storageClass('fast', { provisioner: 'csi.b' })],
      driver: undefined,
    },
    {
      name: 'without a driver',
      template: template(fast),
      classes: [storageClass('fast', { provisioner: 'kubernetes.io/no-provisioner' })],
      driver: undefined,
      is: 'storage class fast of claim data has no driver that makes volumes',
    },
    {
      name: 'that is empty',
      template: template({ storageClassName: '' }),
      classes: [storageClass('fast', { annotations: isDefault })],
      is: 'claim data has the empty storage class: no driver would make its volume',
    },
    {
      name: 'none and no default',
      template: template(),
      classes: [storageClass('fast')],
      is: 'claim data names no storage class, and there is no default: no driver would make its volume',
    },
    {
      name: 'that does not exist',
      template: template({ storageClassName: 'x' }),
      classes: [storageClass('fast')],
    },
    {
      name: 'where the user may not read them',
      template: template({ storageClassName: '' }),
      classes: undefined,
    },
  ];
  for (const { name, template, classes, is, ...more } of rows) {
    const driver = 'driver' in more ? more.driver : 'csi.a';
    const origins = new Map([['snap', { ...ofA, driver }]]);
    const found = unfitTemplates([template], { classes, origins, words: undefined });
    const told = found.map(({ kind, message }) => [kind, message]);
    assert.deepEqual(told, is === undefined ? [] : [['precondition', is]], name);
  }
});

test('proposes the classes of the driver of the snapshot', () => {
  const classes = [
    storageClass('fast', { provisioner: 'csi.b' }),
    storageClass('slow'),
    storageClass('cold'),
  ];
  const hintOf = (driver: string, asked: RestoreWords | undefined) => {
    const origins = new Map([['snap', { ...ofA, driver }]]);
    const [found] = unfitTemplates([template(fast)], { classes, origins, words: asked });
    return found?.hint?.split('\n');
  };
  const look = 'kubectl get storageclass';
  const restore = 'kubectl stash restore statefulset/db -n demo --from s-1 --storage-class';
  assert.deepEqual(hintOf('csi.a', words), [`${restore} slow`, `${restore} cold`, look]);
  assert.deepEqual(hintOf('csi.a', undefined), ['write storageClassName: slow, or cold', look]);
  assert.deepEqual(hintOf('csi.c', words), [look]);
  const origins = new Map([['snap', ofA]]);
  const none = storageClass('local', { provisioner: 'kubernetes.io/no-provisioner' });
  for (const storageClassName of ['', 'local']) {
    const scene = { classes: [...classes, none], origins, words };
    const [found] = unfitTemplates([template({ storageClassName })], scene);
    assert.deepEqual(found?.hint?.split('\n'), [`${restore} slow`, `${restore} cold`, look]);
  }
  assert.deepEqual(hintOf('csi.c', undefined), [look]);
  // Commands that restore one claim for a moment have the flag, and are not 'restore'.
  const [flagged] = unfitTemplates([template(fast)], { classes, origins, words: undefined, hasFlag: true });
  const flags = ['add --storage-class slow', 'add --storage-class cold', look];
  assert.deepEqual(flagged?.hint?.split('\n'), flags);
});

test('a claim has the volumeMode of its snapshot, unless an administrator allows another', () => {
  const rows: [
    wanted: 'Block' | 'Filesystem' | undefined,
    was: 'Block' | 'Filesystem' | undefined,
    may: boolean | undefined,
    refused: string | undefined,
  ][] = [
    ['Block', 'Block', false, undefined],
    [undefined, 'Filesystem', false, undefined],
    [undefined, undefined, false, undefined],
    [undefined, 'Block', false, 'Filesystem, and the volume of snapshot snap had Block'],
    ['Block', 'Filesystem', false, 'Block, and the volume of snapshot snap had Filesystem'],
    ['Block', 'Filesystem', true, undefined],
    ['Block', 'Filesystem', undefined, undefined],
  ];
  for (const [volumeMode, was, mayChangeMode, refused] of rows) {
    const origins = new Map([['snap', { driver: 'csi.a', volumeMode: was, mayChangeMode }]]);
    for (const classes of [undefined, [storageClass('fast')]]) {
      const asked = template({ ...fast, ...(volumeMode && { volumeMode }) });
      const [found] = unfitTemplates([asked], { classes, origins, words });
      const message = refused === undefined ? undefined : `claim data has volumeMode ${refused}`;
      assert.equal(found?.message, message);
      if (found === undefined) continue;
      assert.equal(found.kind, 'precondition');
      assert.equal(
        found.hint,
        `write volumeMode: ${was}, or have an administrator allow the change on the snapshot's content`,
      );
    }
  }
  const unknown = unfitTemplates([template({ volumeMode: 'Block' })], {
    classes: undefined,
    origins: new Map(),
    words,
  });
  assert.deepEqual(unknown, []);
  const bySecondField = { metadata: { name: 'data' }, spec: fast };
  const scene = { classes: [storageClass('fast')], origins: new Map<string, SnapshotOrigin>(), words };
  assert.deepEqual(unfitTemplates([bySecondField], scene), []);
});

test('the class of a claim is the one that it names, else the default as the API server chooses it', () => {
  const [old, recent] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'];
  const beta = { [annotation.betaDefaultStorageClass]: 'true' };
  const not = { [annotation.defaultStorageClass]: 'false' };
  const named = { [annotation.betaStorageClass]: 'b' };
  const plain = [storageClass('a'), storageClass('b')];
  const rows: [template: VolumeClaimTemplate, classes: Stored<StorageClass>[], name: string | undefined][] = [
    [template({ storageClassName: 'b' }), plain, 'b'],
    [template({ storageClassName: 'a' }, named), plain, 'b'],
    [template({ storageClassName: 'c' }), plain, undefined],
    [template({ storageClassName: '' }), [storageClass('a', { annotations: isDefault })], undefined],
    [template(), plain, undefined],
    [
      template(),
      [storageClass('a', { annotations: not }), storageClass('b', { annotations: isDefault })],
      'b',
    ],
    [template(), [storageClass('a'), storageClass('b', { annotations: beta })], 'b'],
    [
      template(),
      [
        storageClass('a', { annotations: isDefault, created: old }),
        storageClass('b', { annotations: isDefault, created: recent }),
        storageClass('c', { annotations: isDefault, created: old }),
      ],
      'b',
    ],
    [
      template(),
      ['c', 'a', 'b'].map((name) => storageClass(name, { annotations: isDefault, created: old })),
      'a',
    ],
  ];
  for (const [asked, classes, name] of rows) {
    assert.equal(classOfTemplate(asked, classes)?.metadata.name, name);
  }
});

test('a claim is bound late where its class waits for a consumer', () => {
  const classes = [storageClass('fast', { late: true }), storageClass('slow')];
  assert.equal(bindsLate(template(fast), classes), true);
  assert.equal(bindsLate(template({ storageClassName: 'slow' }), classes), false);
  assert.equal(bindsLate(template({ storageClassName: 'none' }), classes), false);
});

test('each class that does not exist is told, with one like it', () => {
  const classes = [storageClass('fast')];
  const told = (storageClassName: string | undefined, asked: boolean) =>
    missingStorageClasses(
      [template(storageClassName === undefined ? {} : { storageClassName })],
      classes,
      asked,
    ).map(({ kind, message, hint }) => [kind, message, hint]);
  const look = 'kubectl get storageclass';
  const rows: [name: string | undefined, hasFlag: boolean, hint: string | undefined][] = [
    ['fast', true, undefined],
    ['', true, undefined],
    [undefined, true, undefined],
    ['fas', false, look],
    ['fas', true, `add --storage-class fast\n${look}`],
    ['unlike-all', true, `add --storage-class NAME\n${look}`],
  ];
  for (const [name, asked, hint] of rows) {
    const message = `storage class ${name} of claim data does not exist`;
    assert.deepEqual(told(name, asked), hint === undefined ? [] : [['not-found', message, hint]]);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored, VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { persistentVolumes, pods, statefulSets } from '#src/api/resources.ts';
import { appscode } from '#src/domain/checks/appscode.ts';
import type { Subject } from '#src/domain/checks/check.ts';
import { claims } from '#src/domain/checks/claims.ts';
import { drivers } from '#src/domain/checks/drivers.ts';
import { snapshotClasses } from '#src/domain/checks/snapshot-classes.ts';
import { targetExists } from '#src/domain/checks/target-exists.ts';
import { claim, configuration, statefulSet, target } from '#test/domain/objects.ts';

import {
  claims as bound,
  driver,
  good,
  lacking,
  ofTarget,
  snapshotClass,
  volumesOf,
  withAppscode,
  type Changes,
} from './facts.ts';

const unreadable: Partial<Subject> = { object: lacking({ verb: 'get', resource: statefulSets }) };
const absent: Partial<Subject> = { object: { value: undefined } };
const noRight = 'unknown: needs get statefulsets.apps';

test('whether the target exists', () => {
  assert.deepEqual(ofTarget(targetExists, {}), ['ok: statefulset/db exists']);
  assert.deepEqual(ofTarget(targetExists, absent), ['fail: statefulset/db does not exist in namespace demo']);
  assert.deepEqual(ofTarget(targetExists, unreadable), [noRight]);
});

test('whether its claims are bound', () => {
  const [first] = bound;
  const of = (...all: typeof bound) => ({ lists: { persistentvolumeclaims: all } });
  const rows: [Partial<Subject>, Changes, string[]][] = [
    [{}, { lists: good }, ['ok: all 2 claims are bound']],
    [
      { configuration: configuration('one', { target: { replicas: 1 } }) },
      { lists: good },
      ['ok: claim data-db-0 is bound'],
    ],
    [{}, of(...(first ? [first] : [])), ['fail: claim data-db-1 of statefulset/db does not exist']],
    [
      {},
      of(claim('data-db-0', { status: { phase: 'Pending' } })),
      ['fail: claim data-db-0 of statefulset/db is not bound to a volume yet; also data-db-1 does not exist'],
    ],
    [{}, { lists: { persistentvolumeclaims: 'lacks' } }, ['unknown: needs list persistentvolumeclaims']],
    [{ pods: lacking({ verb: 'list', resource: pods }) }, { lists: good }, ['unknown: needs list pods']],
    [unreadable, { lists: good }, [noRight]],
    [absent, { lists: good }, []],
    [
      { configuration: configuration('many', { target: { replicas: 1_001 } }) },
      { lists: good },
      ['fail: statefulset/db has 1001 claims, and the limit of a session is 1000'],
    ],
  ];
  for (const [one, changes, found] of rows) assert.deepEqual(ofTarget(claims, one, changes), found);
});

test('whether a CSI driver serves each claim', () => {
  const plain = ['data-db-0', 'data-db-1'].map((name) => claim(name));
  const lists = { ...good, persistentvolumeclaims: plain };
  const host = (name: string) =>
    `fail: claim ${name} cannot be snapshotted: its volume has no CSI driver (it is hostPath)`;
  const many = ['0', '1', '2', '3', '4'].map((ordinal) => `data-db-${ordinal}`);
  const set = { ...statefulSet(5) };
  const rows: [Partial<Subject>, Changes, string[]][] = [
    [{}, { lists: good }, [`ok: driver ${driver} serves the claims`]],
    [
      {},
      { lists: { ...good, persistentvolumeclaims: [...bound, claim('of-another-workload')] } },
      [`ok: driver ${driver} serves the claims`],
    ],
    [
      { object: { value: { kind: target.kind, object: statefulSet(3) } } },
      {
        lists: { ...good, persistentvolumeclaims: many.slice(0, 3).map((name) => claim(name)) },
        ...volumesOf({ hostPath: {} }, many),
      },
      many.slice(0, 3).map(host),
    ],
    [
      {},
      { lists, ...volumesOf({ csi: { driver: 'other', volumeHandle: 'h' } }) },
      ['ok: driver other serves the claims'],
    ],
    [
      {},
      {
        lists: { ...good, persistentvolumeclaims: [...bound.slice(0, 1), ...plain.slice(1)] },
        ...volumesOf({ csi: { driver: 'other', volumeHandle: 'h' } }),
      },
      [`ok: driver ${driver}, other serves the claims`],
    ],
    [{}, { lists, ...volumesOf({ hostPath: {} }) }, [host('data-db-0'), host('data-db-1')]],
    [
      {},
      { lists },
      [
        'fail: volume pv-data-db-0 of claim data-db-0 does not exist',
        'fail: volume pv-data-db-1 of claim data-db-1 does not exist',
      ],
    ],
    [
      {},
      { lists, volumes: lacking({ verb: 'list', resource: persistentVolumes }) },
      ['unknown: needs list persistentvolumes'],
    ],
    [
      { object: { value: { kind: target.kind, object: set } } },
      {
        lists: { ...good, persistentvolumeclaims: many.map((name) => claim(name)) },
        ...volumesOf({ hostPath: {} }, many),
      },
      [
        ...['data-db-0', 'data-db-1', 'data-db-2'].map(host),
        'fail: the volumes of 2 more claims have no CSI driver',
      ],
    ],
    [{}, { lists: { persistentvolumeclaims: [claim('data-db-0', { status: { phase: 'Lost' } })] } }, []],
    [absent, { lists: good }, []],
  ];
  for (const [one, changes, found] of rows) assert.deepEqual(ofTarget(drivers, one, changes), found);
});

const isDefault = 'snapshot.storage.kubernetes.io/is-default-class';
const classRows: readonly (readonly [
  string,
  readonly Stored<VolumeSnapshotClass>[],
  string | undefined,
  string,
])[] = [
  ['the only one', [snapshotClass('fast')], undefined, `ok: class fast is used for driver ${driver}`],
  [
    'none of the driver',
    [snapshotClass('other', 'true', 'other')],
    undefined,
    `fail: no volume snapshot class for driver ${driver} (claim data-db-0)`,
  ],
  [
    'two defaults',
    [snapshotClass('slow', 'true'), snapshotClass('fast', 'true')],
    undefined,
    `fail: driver ${driver} (claim data-db-0) has 2 default volume snapshot classes: fast, slow (fix: kubectl annotate volumesnapshotclass slow ${isDefault}-)`,
  ],
  [
    'no default of two',
    [snapshotClass('slow'), snapshotClass('fast')],
    undefined,
    `fail: driver ${driver} (claim data-db-0) has 2 volume snapshot classes and no default: fast, slow (fix: kubectl annotate volumesnapshotclass fast ${isDefault}=true --overwrite)`,
  ],
  [
    'a configured one of another driver',
    [snapshotClass('fast'), snapshotClass('other', undefined, 'other')],
    'other',
    `fail: volume snapshot class other is of driver other, claim data-db-0 of driver ${driver} (fix: kubectl patch backupconfiguration nightly -n demo --type=merge -p '{"spec":{"target":{"snapshotClassName":"fast"}}}')`,
  ],
  [
    'a configured one that does not exist, and no other',
    [],
    'gone',
    'fail: volume snapshot class gone does not exist',
  ],
];

for (const [name, classes, configured, found] of classRows) {
  test(`snapshot classes: ${name}`, () => {
    const of = configured === undefined ? {} : { target: { snapshotClassName: configured } };
    // Without a class of its driver, a volume has to tell the driver.
    const changes = {
      lists: { ...good, volumesnapshotclasses: classes },
      ...volumesOf({ csi: { driver, volumeHandle: 'h' } }),
    };
    const one = { configuration: configured === undefined ? undefined : configuration('nightly', of) };
    assert.deepEqual(ofTarget(snapshotClasses, one, changes), [found]);
  });
}

test('snapshot classes of a configuration that names none, and of volumes without a driver', () => {
  const two = { lists: { ...good, volumesnapshotclasses: [snapshotClass('slow'), snapshotClass('fast')] } };
  const one = { configuration: configuration('nightly', { target: { snapshotClassName: '' } }) };
  assert.match(ofTarget(snapshotClasses, one, two).join(), /fix: kubectl annotate volumesnapshotclass fast /);
  const plain = [claim('data-db-0'), claim('data-db-1')];
  const lists = { ...good, persistentvolumeclaims: plain };
  assert.deepEqual(ofTarget(snapshotClasses, {}, { lists, ...volumesOf({ hostPath: {} }) }), []);
  assert.deepEqual(
    ofTarget(snapshotClasses, {}, { lists, volumes: lacking({ verb: 'list', resource: persistentVolumes }) }),
    [],
  );
  const unbound = bound.map((each) => ({ ...each, status: { phase: 'Pending' as const } }));
  for (const check of [snapshotClasses, appscode]) {
    const changes = { lists: { ...good, persistentvolumeclaims: unbound }, groups: withAppscode };
    assert.deepEqual(ofTarget(check, {}, changes), []);
  }
});

test('snapshot classes that may not be read, or of no claim', () => {
  assert.deepEqual(ofTarget(snapshotClasses, {}, { lists: { ...good, volumesnapshotclasses: 'lacks' } }), [
    'unknown: needs list volumesnapshotclasses.snapshot.storage.k8s.io',
  ]);
  assert.deepEqual(ofTarget(snapshotClasses, {}, { lists: { ...good, volumesnapshotclasses: 'unserved' } }), [
    'unknown: the server has no volumesnapshotclasses.snapshot.storage.k8s.io',
  ]);
  assert.deepEqual(ofTarget(snapshotClasses, absent, { lists: good }), []);
});

test("what AppsCode's operator could not do", () => {
  const plain = { ...good, persistentvolumeclaims: [claim('data-db-0'), claim('data-db-1')] };
  assert.deepEqual(
    ofTarget(appscode, {}, { lists: plain, groups: withAppscode, ...volumesOf({ hostPath: {} }) }),
    [],
  );
  const lists = { ...good, volumesnapshotclasses: [snapshotClass('fast')] };
  assert.deepEqual(ofTarget(appscode, {}, { lists }), []);
  assert.deepEqual(ofTarget(appscode, {}, { lists, groups: withAppscode }), [
    "ok: AppsCode's operator uses class fast for all claims",
  ]);
  assert.deepEqual(
    ofTarget(appscode, { configuration: configuration('nightly') }, { lists, groups: withAppscode }),
    ['fail: backupconfiguration/nightly names no snapshot class; its operator would not use fast'],
  );
});

import type { Workload } from '#src/api/kubernetes.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { volumeSnapshots } from '#src/api/resources.ts';
import type { Subject } from '#src/domain/checks/check.ts';
import { completePoints } from '#src/domain/checks/restore-points.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { claim, configuration } from '#test/domain/objects.ts';
import { at, backupSession, foo, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

import { driver, good, lacking, ofTarget, type Changes } from './facts.ts';

const fix = '(fix: kubectl stash snapshot deployment/foo -n demo)';
const two = ['data', 'logs'];
const volumes = two.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
/** Deployment foo of two claims, in a cluster in which it could be snapshotted. */
const deployment: Partial<Subject> = {
  target: foo,
  object: {
    value: {
      kind: 'Deployment',
      object: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'foo' },
        spec: { template: { spec: { containers: [], volumes } } },
      } as Workload,
    },
  },
};
const annotations = { 'volume.kubernetes.io/storage-provisioner': driver };
const lists: Changes['lists'] = {
  ...good,
  persistentvolumeclaims: two.map((name) =>
    claim(name, { metadata: { ...claim(name).metadata, annotations } }),
  ),
};
const now = new Date(at(3600));

const whole = two.map((claim) => snapshotOf('s-1', claim, { claims: two, created: at(0) }));
const half = [snapshotOf('s-2', 'data', { claims: two, created: at(60) })];
const running = [backupSession('s-3', 'Running', { claims: two, created: at(120) })];

const rows: readonly (readonly [string, ReturnType<typeof restorePoints>, string])[] = [
  ['none', [], `warn: there is no restore point yet ${fix}`],
  ['a complete one', restorePoints(whole, []), 'ok: the newest restore point, s-1, is complete and 60m old'],
  [
    'an incomplete one after a complete one',
    restorePoints([...whole, ...half], []),
    `warn: the newest restore point, s-2, is Incomplete; claim logs: it has no snapshot; the newest complete one, s-1, is 60m old ${fix}`,
  ],
  [
    'only an incomplete one',
    restorePoints(half, []),
    `fail: deployment/foo has no complete restore point: in the newest, s-2, claim logs: it has no snapshot ${fix}`,
  ],
  [
    'one that is being made after a complete one',
    restorePoints(whole, running),
    'ok: the newest restore point, s-1, is complete and 60m old',
  ],
  [
    'only one that is being made',
    restorePoints([], running),
    'warn: deployment/foo has no complete restore point: session s-3 is still running',
  ],
  [
    'one of another target',
    restorePoints([foreignSnapshot('data', { created: at(0) })], []),
    `warn: there is no restore point yet ${fix}`,
  ],
];

for (const [name, points, found] of rows) {
  test(`restore points: ${name}`, () => {
    assert.deepEqual(ofTarget(completePoints, deployment, { now, lists, points: { value: points } }), [
      found,
    ]);
  });
}

test('restore points that may not be read', () => {
  const points = lacking({ verb: 'list', resource: volumeSnapshots });
  assert.deepEqual(ofTarget(completePoints, { target: foo }, { now, points }), [
    'unknown: needs list volumesnapshots.snapshot.storage.k8s.io',
  ]);
});

test('a snapshot is proposed only of what could be snapshotted', () => {
  const none = ['warn: there is no restore point yet'];
  const gone = { ...deployment, object: { value: undefined } };
  assert.deepEqual(ofTarget(completePoints, gone, { now, lists }), none);
  assert.deepEqual(ofTarget(completePoints, deployment, { now, lists: { ...good } }), none);
});

test('of two configurations, the snapshot that is proposed names one', () => {
  const of = (name: string) => configuration(name, { target: { ref: { kind: 'Deployment', name: 'foo' } } });
  const [nightly, weekly] = [of('nightly'), of('weekly')];
  const found = (...backupconfigurations: ReturnType<typeof of>[]) =>
    ofTarget(
      completePoints,
      { ...deployment, configuration: nightly },
      { now, lists: { ...lists, backupconfigurations } },
    );
  assert.deepEqual(found(nightly), [`warn: there is no restore point yet ${fix}`]);
  assert.deepEqual(found(nightly, weekly), [
    `warn: there is no restore point yet ${fix.replace(')', ' --config nightly)')}`,
  ]);
});

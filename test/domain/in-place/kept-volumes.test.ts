import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, PersistentVolume, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { stashCondition } from '#src/api/conditions.ts';
import { annotation } from '#src/api/labels.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { isOfTargets, keptVolumes, unfinishedSwaps } from '#src/domain/in-place/kept-volumes.ts';
import type { SwappedVolume } from '#src/domain/in-place/swapped-volume.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { at, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

import { restoreSession, swapped, volume } from './volumes.ts';

type Scene = Parameters<typeof keptVolumes>[0];

function names(scene: Partial<Scene>): string[] {
  const kept = keptVolumes({ volumes: [], sessions: [], points: [], ...scene });
  return kept.map((each) => each.volume.metadata.name);
}

test('the session that kept a volume last comes first, and its claims in their order', () => {
  const volumes = [
    volume('a', { session: 'early', claim: 'b', since: at(0) }),
    volume('b', { session: 'early', claim: 'a', since: at(8) }),
    volume('c', { session: 'late', claim: 'z', since: at(1) }),
    volume('d', { session: 'late', claim: 'y', since: at(6) }),
    volume('e', { session: 'early', claim: 'a', since: at(9), namespace: 'other' }),
  ];
  assert.deepEqual(names({ volumes }), ['e', 'b', 'a', 'd', 'c']);
});

const annotated = (value: string | undefined): Stored<PersistentVolume> => {
  const found = volume('pv');
  const annotations: KubernetesObject['metadata']['annotations'] =
    value === undefined ? {} : { [annotation.swap]: value };
  return { ...found, metadata: { ...found.metadata, annotations } };
};

const notKept: [why: string, scene: Partial<Scene>, names: string[]][] = [
  ['without an annotation', { volumes: [annotated(undefined)] }, []],
  ['with one that cannot be read', { volumes: [annotated('{}')] }, []],
  [
    'of another namespace than its annotation says',
    { volumes: [volume('pv', {}, { claimRef: { namespace: 'x' } })] },
    [],
  ],
  ['of no claim', { volumes: [volume('pv', {}, { claimRef: undefined })] }, ['pv']],
  [
    'that an unfinished session takes',
    { volumes: [volume('pv', { role: 'incoming' })], sessions: [restoreSession('swap', 'Running')] },
    [],
  ],
  [
    'that a finished session has left over',
    { volumes: [volume('pv', { role: 'incoming' })], sessions: [restoreSession('swap', 'Failed')] },
    ['pv'],
  ],
  ['left over from a session that is gone', { volumes: [volume('pv', { role: 'incoming' })] }, ['pv']],
  [
    'kept by an unfinished session',
    { volumes: [volume('pv')], sessions: [restoreSession('swap', 'Running')] },
    ['pv'],
  ],
];
for (const [why, scene, expected] of notKept) {
  test(`a volume ${why} is ${expected.length === 0 ? 'not listed' : 'listed'}`, () => {
    assert.deepEqual(names(scene), expected);
  });
}

test('a swap is unfinished until its session is, whether it has that name or undoes it', () => {
  const plain = restoreSession('swap', 'Running');
  const unread = { ...plain, metadata: { ...plain.metadata, annotations: { [annotation.inPlace]: '{}' } } };
  const elsewhere = { ...plain, metadata: { ...plain.metadata, namespace: 'other' } };
  const notInPlace = { ...plain, metadata: { ...plain.metadata, annotations: {} } };
  const undo = restoreSession('undo', 'Pending', 'swap');
  // Another program's operator writes this phase when the claims are staged.
  const staged = restoreSession('swap', 'Succeeded');
  const done = { ...staged, status: { ...staged.status, conditions: [stashCondition.restoreCompleted] } };
  const others = [
    elsewhere,
    notInPlace,
    restoreSession('other', 'Running'),
    done,
    restoreSession('swap', 'Failed'),
  ];
  const unfinished = [plain, unread, undo, staged];
  assert.deepEqual(unfinishedSwaps([...unfinished, ...others], swapped), unfinished);
});

const cuts: [why: string, snapshot: Stored<VolumeSnapshot>, isCut: boolean][] = [
  ['of that name', snapshotOf('s-1', 'other', { source: { volume: 'pv' } }), true],
  [
    'with that handle',
    snapshotOf('s-1', 'data', { source: { volume: 'pv-2', volumeHandle: 'handle-of-pv' } }),
    true,
  ],
  ['of another name', snapshotOf('s-1', 'data', { source: { volume: 'pv-2' } }), false],
  ['with another handle', snapshotOf('s-1', 'data', { source: { volumeHandle: 'other' } }), false],
  ['unknown, of its claim, before it was kept', foreignSnapshot('data', { created: swapped.since }), true],
  ['unknown, of its claim, later', foreignSnapshot('data', { created: at(1) }), false],
  ['unknown, of another claim', foreignSnapshot('logs', { created: at(-1) }), false],
  ['unknown, in another namespace', foreignSnapshot('data', { created: at(-1), namespace: 'other' }), false],
];
for (const [why, snapshot, isCut] of cuts) {
  test(`a restore point of a volume ${why} ${isCut ? 'may depend' : 'does not depend'} on it`, () => {
    const points = restorePoints([snapshot], []);
    const [kept] = keptVolumes({ volumes: [volume('pv')], sessions: [], points });
    assert.deepEqual(kept?.points, isCut ? points : []);
  });
}

test('a restore point depends on a volume if one of its snapshots does', () => {
  const claims = ['data', 'logs'];
  const cut = (claim: string, name: string) => snapshotOf('s-1', claim, { claims, source: { volume: name } });
  const points = restorePoints([cut('data', 'pv'), cut('logs', 'pv-2')], []);
  const [kept] = keptVolumes({ volumes: [volume('pv')], sessions: [], points });
  assert.deepEqual(kept?.points, points);
});

test('a volume that no CSI driver made has no handle to compare', () => {
  const points = restorePoints([snapshotOf('s-1', 'data', { source: { volume: 'pv-2' } })], []);
  const [kept] = keptVolumes({ volumes: [volume('pv', {}, { csi: undefined })], sessions: [], points });
  assert.deepEqual(kept?.points, []);
  const withHandle = restorePoints([snapshotOf('s-1', 'data', { source: { volumeHandle: 'h' } })], []);
  const [other] = keptVolumes({
    ...{ volumes: [volume('pv', {}, { csi: undefined })], sessions: [], points: withHandle },
  });
  assert.deepEqual(other?.points, []);
});

test('a claim of a restore point without a snapshot depends on nothing', () => {
  const points = restorePoints(
    [snapshotOf('s-1', 'logs', { claims: ['data', 'logs'], source: { volume: 'x' } })],
    [],
  );
  const [kept] = keptVolumes({ volumes: [volume('pv')], sessions: [], points });
  assert.deepEqual(kept?.points, []);
});

test('TYPE/NAME stands for a workload, or for a claim of it', () => {
  const [kept] = keptVolumes({ volumes: [volume('pv')], sessions: [], points: [] });
  assert.ok(kept);
  const among = (...words: string[]) => isOfTargets(kept, parseTargets(words, { names: 'optional' }));
  assert.deepEqual(
    [['deploy/foo'], ['pvc/data'], ['sts/x', 'deploy/foo'], ['deploy'], ['sts,deploy']].map((words) =>
      among(...words),
    ),
    [true, true, true, true, true],
  );
  assert.deepEqual(
    [['deploy/data'], ['pvc/foo'], ['sts/foo'], ['sts']].map((words) => among(...words)),
    [false, false, false, false],
  );
  const target: SwappedVolume['target'] = { kind: 'PersistentVolumeClaim', name: 'data' };
  const [ofClaim] = keptVolumes({ volumes: [volume('pv', { target })], sessions: [], points: [] });
  assert.ok(ofClaim && isOfTargets(ofClaim, parseTargets(['pvc/data'])));
});

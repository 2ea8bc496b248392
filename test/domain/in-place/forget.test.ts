import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { forgetEffects, forgetStep, type ForgetScene } from '#src/domain/in-place/forget.ts';
import { keptVolumes } from '#src/domain/in-place/kept-volumes.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { claim } from '#test/domain/objects.ts';
import { snapshotOf } from '#test/domain/restore-point-objects.ts';

import { restoreSession, swapped, volume, type Changes } from './volumes.ts';

function effects({
  volumes = [volume('pv')],
  ...more
}: Partial<ForgetScene> & { readonly volumes?: readonly Stored<PersistentVolume>[] }) {
  const scene = { session: 'swap', namespace: 'demo', sessions: [], claims: [], points: [], ...more };
  const found = forgetEffects({ kept: keptVolumes({ ...scene, volumes }), ...scene });
  for (const { kind } of [...found.refusals, ...found.unlessForced]) assert.equal(kind, 'precondition');
  const words = (errors: typeof found.refusals) =>
    errors.map(({ message, hint }) => `${message} | ${hint ?? ''}`);
  return { notes: found.notes, refusals: words(found.refusals), unlessForced: words(found.unlessForced) };
}

test('the notes say which data is lost, and what stays', () => {
  const volumes = [
    volume('a'),
    volume('b', { claim: 'logs', policy: 'Retain' }, { capacity: undefined }),
    volume('c', { claim: 'new', role: 'incoming' }),
  ];
  const { since } = swapped;
  assert.deepEqual(effects({ volumes }), {
    notes: [
      `persistentvolume/a: the data of claim data of deployment/foo as it was until ${since} (1Gi) would be deleted (reclaim policy Delete)`,
      `persistentvolume/b: the data of claim logs of deployment/foo as it was until ${since} (size unknown) stays (reclaim policy Retain)`,
      `persistentvolume/c: the data of claim new of deployment/foo as it was restored at ${since} (1Gi) would be deleted (reclaim policy Delete)`,
      'restoresession/swap: "kubectl stash undo" cannot go back to it any more',
    ],
    refusals: [],
    unlessForced: [],
  });
  const leftOver = effects({ volumes: [volume('c', { role: 'incoming' })] });
  assert.equal(leftOver.notes.length, 1);
  assert.deepEqual(effects({ volumes: [] }), { notes: [], refusals: [], unlessForced: [] });
});

test('a swap that has not finished keeps its volumes', () => {
  const sessions = [restoreSession('swap', 'Running'), restoreSession('undo', 'Running', 'swap')];
  const expected = [
    'restoresession/swap has not finished swapping | let it end, or go back:\nkubectl stash wait restoresession/swap -n demo\nkubectl stash undo swap -n demo',
    'restoresession/undo has not finished swapping the volumes of swap | let it end, or go back:\nkubectl stash wait restoresession/undo -n demo\nkubectl stash undo swap -n demo',
  ];
  assert.deepEqual(effects({ sessions }).refusals, expected);
  assert.deepEqual(effects({ sessions, volumes: [] }).refusals, expected);
});

test('a swap whose session is gone keeps both volumes of a claim', () => {
  const volumes = [
    volume('old', { claim: 'a' }),
    volume('new', { claim: 'a', role: 'incoming' }),
    volume('left', { claim: 'b', role: 'incoming' }),
    volume('kept', { claim: 'c' }),
  ];
  assert.deepEqual(effects({ volumes }).unlessForced, [
    'the swap of claim a has not ended: its old and its new data would be lost | end it, and go back:\nkubectl stash undo swap -n demo\nor add --force',
  ]);
});

test('a claim that uses a volume, or has lost it, keeps it', () => {
  const patch = JSON.stringify({
    metadata: { annotations: { [annotation.swap]: null }, labels: { [label.restoreSession]: null } },
    spec: { persistentVolumeReclaimPolicy: 'Delete' },
  });
  const expected = [
    `volume pv is in use by claim user | if the claim shall keep it, take the marks off:\nkubectl patch pv pv -p '${patch}'`,
  ];
  const user = claim('user', { spec: {} });
  const bound = { claimRef: { namespace: 'demo', name: 'user', uid: user.metadata.uid } };
  assert.deepEqual(effects({ volumes: [volume('pv', {}, bound)], claims: [user] }).refusals, expected);
  const lost = claim('user', { spec: { volumeName: 'pv' } });
  assert.deepEqual(effects({ claims: [lost] }).refusals, expected);
  assert.deepEqual(effects({ claims: [claim('data')] }).refusals, []);
  assert.deepEqual(
    effects({ volumes: [volume('pv', {}, { claimRef: undefined })], claims: [claim('data')] }).refusals,
    [],
  );
  assert.deepEqual(
    effects({ volumes: [volume('pv', {}, { claimRef: { namespace: 'demo' } })], claims: [claim('data')] })
      .refusals,
    [],
  );
});

test('restore points that were cut from it keep a volume, and the last complete ones say so first', () => {
  const cut = (session: string, name: string) => snapshotOf(session, 'data', { source: { volume: name } });
  const some = (names: string, verb: string) =>
    `${names} ${verb} cut from volume pv: some drivers delete such snapshots with the volume | add --force to give it up all the same`;
  const first = 'take another first:\nkubectl stash snapshot deployment/foo -n demo';
  const rows: [points: ReturnType<typeof restorePoints>, expected: string[]][] = [
    [restorePoints([cut('s-1', 'pv'), cut('s-2', 'pv-2')], []), [some('restore point s-1', 'was')]],
    [
      restorePoints([cut('s-1', 'pv')], []),
      [
        `restore point s-1 is the last complete one of deployment/foo, and may be lost | ${first}`,
        some('restore point s-1', 'was'),
      ],
    ],
    [
      restorePoints([cut('s-1', 'pv'), cut('s-2', 'pv')], []),
      [
        `restore points s-2, s-1 are all the complete ones of deployment/foo, and may be lost | ${first}`,
        some('restore points s-2, s-1', 'were'),
      ],
    ],
    [
      restorePoints(
        [
          cut('s-1', 'pv'),
          snapshotOf('s-2', 'data', { source: { volume: 'pv-2' }, status: { readyToUse: false } }),
        ],
        [],
      ),
      [
        `restore point s-1 is the last complete one of deployment/foo, and may be lost | ${first}`,
        some('restore point s-1', 'was'),
      ],
    ],
    [
      restorePoints(
        [snapshotOf('s-1', 'data', { source: { volume: 'pv' }, status: { readyToUse: false } })],
        [],
      ),
      [some('restore point s-1', 'was')],
    ],
    [
      restorePoints(
        [
          cut('s-1', 'pv'),
          snapshotOf('s-2', 'data', {
            target: { kind: 'StatefulSet', name: 'foo', namespace: 'demo' },
            source: { volume: 'x' },
          }),
        ],
        [],
      ),
      [
        `restore point s-1 is the last complete one of deployment/foo, and may be lost | ${first}`,
        some('restore point s-1', 'was'),
      ],
    ],
  ];
  for (const [points, expected] of rows) {
    assert.deepEqual(effects({ points }), { ...effects({}), unlessForced: expected });
  }
});

const wanted = { volume: volume('pv'), swapped };
const own = wanted.volume.metadata;

function seen(
  spec: Changes,
  phase: string | undefined,
  metadata: Partial<typeof own> = {},
): Stored<PersistentVolume> {
  const { spec: before } = wanted.volume;
  return {
    ...wanted.volume,
    metadata: { ...own, resourceVersion: '7', ...metadata },
    spec: { ...before, ...(spec as PersistentVolume['spec']) },
    ...{ status: phase === undefined ? {} : { phase } },
  };
}

const unmarked = { annotations: {}, labels: {} };
const back = {
  do: 'patch',
  patch: {
    metadata: {
      resourceVersion: '7',
      annotations: { [annotation.swap]: null },
      labels: { [label.restoreSession]: null },
    },
    spec: { persistentVolumeReclaimPolicy: 'Delete' },
  },
};
const release = (claimRef: object) => ({
  do: 'patch',
  patch: { metadata: { resourceVersion: '7' }, spec: { claimRef } },
});
const dead = {
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'demo', name: 'data' },
  uid: '00000000-0000-0000-0000-000000000000',
};

const steps: [state: string, volume: Stored<PersistentVolume> | undefined, step: object][] = [
  ['gone', undefined, { do: 'end', outcome: 'deleted' }],
  ['another of that name', seen({}, 'Released', { uid: 'other' }), { do: 'end', outcome: 'deleted' }],
  ['Released', seen({}, 'Released'), back],
  ['Failed', seen({}, 'Failed'), back],
  ['Bound', seen({}, 'Bound'), { do: 'wait' }],
  ['not yet seen by its controller', seen({}, undefined), { do: 'wait' }],
  ['Available, with a dead claim', seen({}, 'Available'), { do: 'wait' }],
  [
    'reserved',
    seen({ claimRef: { namespace: 'demo', name: 'web' } }, 'Available'),
    release({ ...dead, name: 'web' }),
  ],
  ['reserved with an empty UID', seen({ claimRef: { name: 'data', uid: '' } }, 'Available'), release(dead)],
  ['of no claim', seen({ claimRef: undefined }, 'Available'), release(dead)],
  [
    'given back, with policy Delete',
    seen({ persistentVolumeReclaimPolicy: 'Delete' }, 'Released', unmarked),
    { do: 'wait' },
  ],
  [
    'given back, without any annotation',
    seen({}, 'Released', { annotations: undefined as never }),
    { do: 'end', outcome: 'stays' },
  ],
  ['given back, with policy Retain', seen({}, 'Released', unmarked), { do: 'end', outcome: 'stays' }],
  [
    'taken up by another command',
    seen({}, 'Released', { annotations: { [annotation.swap]: 'other' } }),
    { do: 'refuse' },
  ],
];
for (const [state, found, step] of steps) {
  test(`the next step for a volume that is ${state}`, () => {
    assert.deepEqual(forgetStep(wanted, found), step);
  });
}

test('whatever its state, a volume gets policy Delete only with its marks off, Released and of no claim', () => {
  const anyVolume = fc.record({
    uid: fc.constantFrom(own.uid, 'other'),
    phase: fc.constantFrom('Available', 'Bound', 'Released', 'Failed', 'Pending', undefined),
    claimUid: fc.constantFrom(undefined, '', 'uid', dead.uid),
    marks: fc.constantFrom(own.annotations, {}, { [annotation.swap]: 'other' }),
  });
  fc.assert(
    fc.property(anyVolume, ({ uid, phase, claimUid, marks }) => {
      const claimRef = { namespace: 'demo', name: 'data', ...(claimUid !== undefined && { uid: claimUid }) };
      const found = seen({ claimRef }, phase, { uid, annotations: marks ?? {} });
      const step = forgetStep(wanted, found);
      if (step.do !== 'patch') return;
      const { spec } = step.patch as { spec: PersistentVolume['spec'] };
      if (spec.persistentVolumeReclaimPolicy === undefined) return;
      assert.deepEqual(step, back);
      assert.ok(phase === 'Released' || phase === 'Failed');
      assert.ok(claimUid === 'uid' || claimUid === dead.uid);
      assert.deepEqual([uid, marks], [own.uid, own.annotations]);
    }),
  );
});

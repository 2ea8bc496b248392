import assert from 'node:assert/strict';
import { test } from 'node:test';

import { flag } from '#src/domain/command-line.ts';
import type { ClaimInTheWay } from '#src/domain/restore/claims-in-the-way.ts';
import type { Keeping } from '#src/domain/restore/in-place-steps.ts';
import type { RestoreWords } from '#src/domain/restore/restore-command.ts';
import { controllerRace, existingClaims, racedClaims } from '#src/domain/restore/ways-on.ts';
import { claim, created, pod, snapshot, statefulSet, stored, target } from '#test/domain/objects.ts';

const names = ['data-db-0', 'data-db-1', 'data-db-2', 'other'];

function words(replicas: number, more: Partial<RestoreWords> = {}): RestoreWords {
  return {
    ...{ target, from: 's-1', workload: statefulSet(replicas) },
    flags: { only: [], suffix: undefined, claim: [] },
    names: new Map(names.map((name) => [name, name])),
    written: ({ suffix, claim }) => [
      ...(suffix === undefined ? [] : [flag('--suffix', suffix)]),
      ...claim.map((pair) => flag('--claim', pair)),
    ],
    ...more,
  };
}
const keeping: Keeping = {
  ...{ volumes: new Map(), lacking: [], mayBindLate: false, user: 'jane' },
  mayRestoreInPlace: false,
};
const noVolumes =
  'cannot restore in place: user "jane" may not get persistentvolumes, and a volume may be deleted with its claim, on some drivers with its snapshots';
const restore = 'kubectl stash restore statefulset/db -n demo --from s-1';

const rows: [replicas: number, raced: string[]][] = [
  [0, []],
  [1, ['data-db-0']],
  [2, ['data-db-0', 'data-db-1']],
];
for (const [replicas, raced] of rows) {
  test(`the controller of ${replicas} replicas would create ${raced.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(racedClaims(names, words(replicas)), raced);
  });
}

test('a claim that the pods of a StatefulSet share is not created by its controller', () => {
  const set = statefulSet(1);
  set.spec.template.spec.volumes = pod('db', ['shared']).spec.volumes ?? [];
  assert.deepEqual(racedClaims(['shared', 'data-db-0'], words(1, { workload: set })), ['data-db-0']);
});

test('only a controller that makes claims races with the restore', () => {
  assert.deepEqual(racedClaims(names, words(1, { workload: undefined })), []);
  const deployment = stored({
    ...statefulSet(1),
    kind: 'Deployment',
    spec: { template: { spec: { containers: [], volumes: pod('db', ['other']).spec.volumes ?? [] } } },
  });
  const asked = words(1, { target: { ...target, kind: 'Deployment' }, workload: deployment });
  assert.deepEqual(racedClaims(names, asked), []);
});

test('where a controller races, the workload stands still during the restore, or the claims get other names', () => {
  const told = (replicas: number, changes: Partial<Keeping> = {}) => {
    const { kind, message, hint } = controllerRace(['data-db-0', 'data-db-1'], words(replicas), {
      ...keeping,
      ...changes,
    });
    return { kind, message, hint: hint?.split('\n') };
  };
  const scale = (count: number) => `kubectl scale statefulset/db -n demo --replicas=${count}`;
  assert.deepEqual(told(2), {
    kind: 'precondition',
    message:
      'statefulset/db runs 2 replicas: its controller would create data-db-0, data-db-1 empty before the restore could',
    hint: [`${scale(0)} &&`, `${restore} &&`, scale(2)],
  });
  assert.match(told(1).message, /runs 1 replica: /);
  assert.deepEqual(told(2, { mayBindLate: true }).hint, [`${scale(0)} &&`, restore, scale(2)]);
  assert.deepEqual(told(2, { volumes: undefined }).hint, [
    'under another name:',
    `${restore} --suffix -restored`,
    noVolumes,
  ]);
});

function way(name: string, more: Partial<ClaimInTheWay> = {}): ClaimInTheWay {
  return { claim: claim(name), pods: [], ended: [], unready: [], ...more };
}

test('tells all that holds the claims', () => {
  const going = claim('logs');
  going.metadata.deletionTimestamp = created;
  const { kind, message, hint } = existingClaims([
    way('data', { pods: [pod('a', []), pod('b', [])], ended: [pod('c', []), pod('d', [])] }),
    way('logs', { claim: going, unready: [snapshot('s')] }),
  ]);
  assert.equal(kind, 'precondition');
  assert.deepEqual(message.split('; '), [
    'claim data exists and is used by pod a, b',
    'pod c, d has ended and still holds claim data',
    'claim logs is still being deleted',
    'snapshot s of claim logs is not ready yet and holds it',
  ]);
  assert.deepEqual(hint?.split('\n'), [
    'give the template another metadata.name; restoring never overwrites data',
    'before you delete a claim yourself, set the persistentVolumeReclaimPolicy of its volume to Retain',
  ]);
});

test('proposes names that are free, and the steps in place or why there are none', () => {
  const hintOf = (more: Partial<RestoreWords>, changes: Partial<Keeping> = {}) =>
    existingClaims([way('data-db-0')], {
      words: words(0, more),
      keeping: { ...keeping, ...changes },
    }).hint?.split('\n');
  assert.deepEqual(hintOf({}), [
    'beside it:',
    `${restore} --suffix -restored`,
    'or under a name of your own:',
    `${restore} --claim data-db-0=data-db-0-copy`,
    'or in place:',
    'kubectl delete persistentvolumeclaim data-db-0 -n demo &&',
    restore,
  ]);
  const flags = { only: [], suffix: '-x', claim: ['data-db-1=one'] };
  const renamed = new Map([
    ['zero', 'data-db-0'],
    ['data-db-1', 'one'],
    ['data-db-2', 'two'],
  ]);
  assert.deepEqual(hintOf({ flags, names: renamed }, { volumes: undefined }), [
    'beside it:',
    `${restore} --suffix -x-restored`,
    'or under a name of your own:',
    `${restore} --suffix -x --claim zero=data-db-0-copy --claim data-db-1=one`,
    noVolumes,
  ]);
});

test('offers the restore in place first, where it can take all claims', () => {
  const own = new Map([['data-db-0', 'data-db-0']]);
  const first = (more: Partial<RestoreWords>, ways = [way('data-db-0')], mayRestoreInPlace = true) =>
    existingClaims(ways, {
      words: words(0, { names: own, ...more }),
      keeping: { ...keeping, mayRestoreInPlace },
    })
      .hint?.split('\n')
      .filter((line) => !line.startsWith('kubectl'));
  assert.deepEqual(
    existingClaims([way('data-db-0')], {
      words: words(0, { names: own, flags: { only: ['data-db-0'], suffix: undefined, claim: [] } }),
      keeping: { ...keeping, mayRestoreInPlace: true },
    }).hint?.split('\n'),
    [
      'in place, which keeps the present volumes:',
      'kubectl stash restore statefulset/db --in-place -n demo --from s-1 --only data-db-0',
      'or beside it:',
      `${restore} --suffix -restored`,
      'or under a name of your own:',
      `${restore} --claim data-db-0=data-db-0-copy`,
    ],
  );
  const offered = [
    'in place, which keeps the present volumes:',
    'or beside it:',
    'or under a name of your own:',
  ];
  const steps = ['beside it:', 'or under a name of your own:', 'or in place:'];
  assert.deepEqual(first({}), offered);
  assert.deepEqual(first({}, [way('data-db-0')], false), steps, 'without the rights');
  assert.deepEqual(first({ names: new Map([...own, ['logs', 'logs']]) }), steps, 'a claim is missing');
  assert.deepEqual(first({ names: new Map([['zero', 'data-db-0']]) }), steps, 'under another name');
  const flags = { only: [], suffix: undefined, claim: [], storageClass: 'fast' };
  assert.deepEqual(first({ flags }), steps, 'with another class');
  const alone = { target: { ...target, kind: 'PersistentVolumeClaim' }, workload: undefined } as const;
  assert.deepEqual(first(alone), offered, 'of a claim by itself');
  const strange = [way('data-db-0', { pods: [pod('stranger', [])] })];
  assert.match(first(alone, strange)?.at(-1) ?? '', /stop pod stranger first/, 'of a claim that a pod uses');
  const lost = claim('data-db-0', { status: { phase: 'Lost' } });
  assert.deepEqual(first({}, [way('data-db-0', { claim: lost })]), steps, 'that is not bound');
  const going = claim('data-db-0', { metadata: { name: 'data-db-0', deletionTimestamp: created } });
  assert.deepEqual(first({}, [way('data-db-0', { claim: going })]), steps, 'being deleted');
  assert.deepEqual(first({}, [way('data-db-0', { unready: [snapshot('s')] })]), steps, 'being snapshotted');
  const used = first({}, [way('data-db-0', { pods: [pod('stranger', [])] })]);
  assert.match(used?.at(-1) ?? '', /stop pod stranger first/, 'used by another pod');
});

/** The steps that replace the present claims, which lose no data and end as the workload began. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolume, Pod, Stored, VolumeSnapshot, Workload } from '#src/api/kubernetes.ts';
import { flag } from '#src/domain/command-line.ts';
import { formatRight } from '#src/domain/rights.ts';
import type { ClaimInTheWay } from '#src/domain/restore/claims-in-the-way.ts';
import {
  chained,
  inPlaceSteps,
  keptVolumes,
  rightsToKeep,
  runningReplicas,
  whyHeld,
  whyNotInPlace,
  workloadToStop,
  type Keeping,
} from '#src/domain/restore/in-place-steps.ts';
import type { RestoreWords } from '#src/domain/restore/restore-command.ts';
import { claim, created, pod, snapshot, statefulSet, stored, target } from '#test/domain/objects.ts';

const app = { app: 'db' };

function db(replicas: number, spec: object = {}): Stored<Workload> {
  const made = statefulSet(replicas);
  return { ...made, spec: { ...made.spec, selector: { matchLabels: app }, ...spec } };
}
const whenScaled = (policy: string) => ({ persistentVolumeClaimRetentionPolicy: { whenScaled: policy } });

function words(workload: Stored<Workload> | undefined, more: Partial<RestoreWords> = {}): RestoreWords {
  return {
    ...{ target, from: 's-1', workload, flags: { only: [], suffix: undefined, claim: [] } },
    names: new Map([
      ['data', 'data'],
      ['logs', 'logs'],
    ]),
    written: ({ suffix, claim }) => [
      ...(suffix === undefined ? [] : [flag('--suffix', suffix)]),
      ...claim.map((pair) => flag('--claim', pair)),
    ],
    ...more,
  };
}

function way(name: string, more: Partial<ClaimInTheWay> = {}): ClaimInTheWay {
  return { claim: claim(name), pods: [], ended: [], unready: [], ...more };
}

function volume(name: string, policy?: 'Retain' | 'Delete'): Stored<PersistentVolume> {
  return stored<PersistentVolume>({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { capacity: {}, ...(policy && { persistentVolumeReclaimPolicy: policy }) },
  });
}

const keeping: Keeping = {
  ...{ volumes: new Map(), lacking: [], mayBindLate: false, user: 'jane' },
  mayRestoreInPlace: false,
};
const cutting = (name: string, status?: VolumeSnapshot['status']) => ({
  ...snapshot(name, status),
  spec: { source: { persistentVolumeClaimName: 'data' } },
});
const podOf = (name: string, labels: Record<string, string> = {}, owner?: string): Stored<Pod> => {
  const made = pod(name, ['data']);
  const ownerReferences = [owner ?? '', 'of-a-tool'].map((uid) => ({
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
    uid,
  }));
  return { ...made, metadata: { ...made.metadata, labels, ...(owner !== undefined && { ownerReferences }) } };
};

const restore = 'kubectl stash restore statefulset/db -n demo --from s-1';
const remove = 'kubectl delete persistentvolumeclaim data -n demo';
const scale = (count: number) => `kubectl scale statefulset/db -n demo --replicas=${count}`;
const patch = (policy: string) =>
  `kubectl patch statefulset/db -n demo -p '${JSON.stringify({ spec: whenScaled(policy) })}'`;

test('a workload is stopped where it runs at least one replica and one of the claims is its own', () => {
  const foreign = new Map([['data', 'data-copy']]);
  const rows: [replicas: number, names: ReadonlyMap<string, string> | undefined, stopped: boolean][] = [
    [0, undefined, false],
    [1, undefined, true],
    [2, undefined, true],
    [1, foreign, false],
  ];
  for (const [replicas, names, stopped] of rows) {
    const asked = words(db(replicas), names && { names });
    const ways = [way('data-copy'), ...(names ? [] : [way('data')])];
    assert.equal(workloadToStop(ways, asked), stopped ? asked : undefined, `${replicas} replicas`);
    assert.equal(runningReplicas(asked), replicas);
  }
  assert.equal(workloadToStop([way('data')], words(undefined)), undefined);
  const set = { ...target, kind: 'DaemonSet' as const };
  assert.equal(runningReplicas(words(db(1), { target: set })), 0, 'kubectl cannot scale a DaemonSet');
});

test('the right to patch is needed for a volume that goes with its claim, and for the policy of a StatefulSet', () => {
  const rows: [
    volumes: Stored<PersistentVolume>[],
    stopped: Stored<Workload> | 'none' | undefined,
    rights: string[],
  ][] = [
    [[], 'none', []],
    [[volume('a', 'Retain')], 'none', []],
    [[volume('a', 'Retain'), volume('b', 'Delete')], 'none', ['patch persistentvolumes']],
    [[volume('a')], 'none', ['patch persistentvolumes']],
    [[], db(1), []],
    [[], db(1, whenScaled('Retain')), []],
    [[], db(1, whenScaled('Delete')), ['patch statefulsets.apps']],
    [[], undefined, []],
    [
      [volume('b', 'Delete')],
      db(1, whenScaled('Delete')),
      ['patch persistentvolumes', 'patch statefulsets.apps'],
    ],
  ];
  for (const [volumes, stopped, rights] of rows) {
    const asked = stopped === 'none' ? undefined : words(stopped);
    assert.deepEqual(rightsToKeep(volumes, asked).map(formatRight), rights);
  }
});

test('without a right that keeps the data there are no steps', () => {
  const user = 'jane\u0007';
  const [ofVolumes] = rightsToKeep([volume('a')], undefined);
  const [ofSet] = rightsToKeep([], words(db(1, whenScaled('Delete'))));
  assert(ofVolumes && ofSet);
  const rows: [changes: Partial<Keeping>, why: string | undefined][] = [
    [{}, undefined],
    [
      { volumes: undefined },
      'cannot restore in place: user "jane" may not get persistentvolumes, and a volume may be deleted with its claim, on some drivers with its snapshots',
    ],
    [
      { lacking: [ofVolumes, ofSet] },
      'cannot restore in place: user "jane" may not patch persistentvolumes, and a volume would be deleted with its claim, on some drivers with its snapshots',
    ],
    [
      { lacking: [ofSet] },
      'cannot restore in place: user "jane" may not patch statefulsets.apps, and statefulset/db deletes the claims of the replicas that it is scaled down by',
    ],
  ];
  for (const [changes, why] of rows) {
    const told = whyNotInPlace({ ...keeping, user, ...changes }, target);
    assert.equal(told?.replaceAll(/[^ -~]/g, ''), why);
    assert.doesNotMatch(told ?? '', /\p{Cc}/u);
  }
});

test('the user stops pods that the steps do not stop, and a snapshot that failed is in the way', () => {
  const own = podOf('db-0', app);
  const foreign = podOf('debug');
  const stop = (names: string) =>
    `cannot restore in place yet: stop pod ${names} first, then run the same command again for the steps`;
  const rows: [what: string, ways: ClaimInTheWay[], replicas: number, why: string | undefined][] = [
    ['nothing', [way('data')], 1, undefined],
    ['a pod of the workload', [way('data', { pods: [own] })], 1, undefined],
    ['a pod of a workload that runs none', [way('data', { pods: [own] })], 0, stop('db-0')],
    ['a pod of its own', [way('data', { pods: [own, foreign] })], 1, stop('debug')],
    [
      'one pod with two claims',
      [way('data', { pods: [foreign] }), way('logs', { pods: [foreign, podOf('sh')] })],
      1,
      stop('debug, sh'),
    ],
    ['a snapshot that is being cut', [way('data', { unready: [cutting('s', {})] })], 1, undefined],
    ['a snapshot without a status', [way('data', { unready: [cutting('s')] })], 1, undefined],
    [
      'a snapshot that failed',
      [way('data', { unready: [cutting('s'), cutting('t', { error: { message: 'full' } })] })],
      1,
      'cannot restore in place: snapshot t has failed, and claim data stays until the snapshot is ready or deleted',
    ],
  ];
  for (const [what, ways, replicas, why] of rows) {
    assert.equal(whyHeld(ways, words(db(replicas))), why, what);
  }
});

test('the steps keep the volumes, wait for what holds the claims, and start as many replicas as ran', () => {
  const volumes = new Map([
    ['data', volume('pv-a', 'Delete')],
    ['logs', volume('pv-b', 'Retain')],
  ]);
  const going = claim('data');
  going.metadata.deletionTimestamp = created;
  const rows: {
    name: string;
    ways: ClaimInTheWay[];
    workload?: Stored<Workload>;
    more?: Partial<Keeping>;
    is: string[];
  }[] = [
    { name: 'nothing runs', ways: [way('data')], workload: db(0), is: [`${remove} &&`, restore] },
    {
      name: 'volumes not known',
      ways: [way('data')],
      more: { volumes: undefined },
      is: [`${remove} &&`, restore],
    },
    {
      name: 'one replica',
      ways: [way('data')],
      workload: db(1),
      is: [`${scale(0)} &&`, `${remove} &&`, `${restore} &&`, scale(1)],
    },
    {
      name: 'claims that bind with the first pod',
      ways: [way('data')],
      workload: db(2),
      more: { mayBindLate: true },
      is: [`${scale(0)} &&`, `${remove} &&`, restore, scale(2)],
    },
    {
      name: 'claims that are deleted when scaled',
      ways: [way('data')],
      workload: db(3, whenScaled('Delete')),
      is: [
        `${patch('Retain')} &&`,
        `${scale(0)} &&`,
        `${remove} &&`,
        `${restore} &&`,
        `${scale(3)} &&`,
        patch('Delete'),
      ],
    },
    {
      name: 'volumes of both policies',
      ways: [way('data'), way('logs')],
      more: { volumes },
      is: [
        `kubectl patch persistentvolume pv-a -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}' &&`,
        'kubectl delete persistentvolumeclaim data logs -n demo &&',
        restore,
      ],
    },
    {
      name: 'a claim that may be gone by then',
      ways: [way('data', { claim: going })],
      is: [`${remove} --ignore-not-found &&`, restore],
    },
    {
      name: 'one of two claims that may be gone by then',
      ways: [way('data', { claim: going }), way('logs')],
      is: ['kubectl delete persistentvolumeclaim data logs -n demo --ignore-not-found &&', restore],
    },
    {
      name: 'a snapshot that is being cut, and a pod that has ended',
      ways: [
        way('data', { unready: [cutting('s')], ended: [podOf('job')] }),
        way('logs', { ended: [podOf('job')] }),
      ],
      is: [
        'kubectl wait volumesnapshot/s -n demo --for=jsonpath={.status.readyToUse}=true --timeout=10m &&',
        'kubectl delete pod job -n demo &&',
        'kubectl delete persistentvolumeclaim data logs -n demo &&',
        restore,
      ],
    },
    {
      name: 'an ended pod that goes with its StatefulSet, and one that does not',
      ways: [way('data', { ended: [podOf('db-1', app, db(1).metadata.uid), podOf('x', app, 'other')] })],
      workload: db(1),
      is: ['kubectl delete pod x -n demo &&', `${scale(0)} &&`, `${remove} &&`, `${restore} &&`, scale(1)],
    },
    {
      name: 'an ended pod of a StatefulSet that is not scaled down',
      ways: [way('data', { ended: [podOf('db-1', app, db(1).metadata.uid)] })],
      workload: db(0),
      is: ['kubectl delete pod db-1 -n demo &&', `${remove} &&`, restore],
    },
  ];
  for (const { name, ways, workload, more, is } of rows) {
    assert.deepEqual(inPlaceSteps(ways, words(workload), { ...keeping, ...more }), is, name);
  }
  const deployment: RestoreWords = words(db(1), { target: { ...target, kind: 'Deployment' } });
  const [first] = inPlaceSteps(
    [way('data', { ended: [podOf('db-1', app, db(1).metadata.uid)] })],
    deployment,
    keeping,
  );
  assert.equal(first, 'kubectl delete pod db-1 -n demo &&', 'a ReplicaSet keeps pods that have ended');
});

test('where one step cannot be shown, none is', () => {
  const hidden = '# no command is shown: x';
  assert.deepEqual(chained(['kubectl scale a', hidden, 'kubectl scale b'], false), [hidden]);
  assert.deepEqual(chained([], false), []);
});

test('names the volumes that keep the old data, two of them at most', () => {
  const volumes = new Map(['a', 'b', 'c', 'd'].map((name) => [name, volume(`pv-${name}`)]));
  const until = (its: string) =>
    `the old data, Released, until you set ${its} persistentVolumeReclaimPolicy to Delete`;
  const rows: [claims: string[], text: string][] = [
    [[], ''],
    [['unbound'], ''],
    [['a'], `; pv-a keeps ${until('its')}`],
    [['a', 'b'], `; pv-a, pv-b keep ${until('their')}`],
    [['a', 'b', 'c'], `; pv-a, pv-b and 1 more keep ${until('their')}`],
    [['a', 'b', 'c', 'd'], `; pv-a, pv-b and 2 more keep ${until('their')}`],
  ];
  for (const [claims, text] of rows) {
    const ways = claims.map((name) => way(name));
    assert.equal(keptVolumes(ways, volumes), text);
    assert.equal(keptVolumes(ways, undefined), '');
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PersistentVolumeClaim, Pod, Volume, Workload } from '#src/api/kubernetes.ts';
import {
  checkClaims,
  claimsOfTarget,
  createsClaim,
  needsPods,
  type Seen,
} from '#src/domain/workload/claims.ts';
import type { TargetKind } from '#src/domain/workload/kinds.ts';
import { accept, refuse } from '#src/domain/finding.ts';

const claimVolume = (claimName: string, name = claimName): Volume => ({
  name,
  persistentVolumeClaim: { claimName },
});
const scratch: Volume = { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } };

function workload(kind: TargetKind, volumes: Volume[], spec: Partial<Workload['spec']> = {}): Workload {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', namespace: 'demo' },
    spec: { ...spec, template: { spec: { containers: [], volumes } } },
  };
}

function claim(
  name: string,
  status: PersistentVolumeClaim['status'] = { phase: 'Bound' },
): PersistentVolumeClaim {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: {}, status };
}

function pod(name: string, metadata: Pod['metadata'] = {}, phase: 'Running' | 'Pending' = 'Running'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers: [], volumes: [claimVolume('data'), scratch] },
    status: { phase },
  };
}

function namesOf(object: Workload | PersistentVolumeClaim, seen: Partial<Seen> = {}): string {
  const kind = object.kind as TargetKind;
  const claims = accept(claimsOfTarget({ kind, object }, { claims: [], pods: [], ...seen }));
  return claims.map(({ name, ephemeral }) => (ephemeral ? `${name}*` : name)).join(' ');
}

const templates = (...names: string[]): Partial<Workload['spec']> => ({
  volumeClaimTemplates: names.map((name) => ({ metadata: { name }, spec: {} })),
});

test('volumes of every workload, each claim once, in the order of the manifest', () => {
  const kinds: TargetKind[] = [
    'Deployment',
    'DaemonSet',
    'ReplicaSet',
    'ReplicationController',
    'StatefulSet',
  ];
  for (const kind of kinds) {
    const volumes = [
      claimVolume('logs'),
      { name: 'tmp', emptyDir: {} },
      claimVolume('data'),
      claimVolume('logs', 'l2'),
    ];
    assert.equal(namesOf(workload(kind, volumes)), 'logs data', kind);
  }
  assert.equal(namesOf(workload('Deployment', [])), '');
  assert.equal(namesOf(claim('data')), 'data');
});

test('ephemeral volumes of the running pods', () => {
  const deployment = workload('Deployment', [claimVolume('data'), scratch]);
  const unseen = pod('web-0');
  delete unseen.status;
  const pods = [
    pod('web-b'),
    pod('web-e'),
    pod('web-a'),
    unseen,
    pod('web-c', {}, 'Pending'),
    pod('web-d', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
  ];
  assert.equal(namesOf(deployment, { pods }), 'data web-a-scratch* web-b-scratch* web-e-scratch*');
  assert.equal(needsPods({ kind: 'Deployment', object: deployment }), true);
  const named = workload('Deployment', [claimVolume('web-a-scratch'), scratch]);
  assert.equal(namesOf(named, { pods: [pod('web-a')] }), 'web-a-scratch', 'each claim once');
  assert.equal(needsPods({ kind: 'PersistentVolumeClaim', object: claim('data') }), false);
  const without = workload('Deployment', [claimVolume('data')]);
  assert.equal(needsPods({ kind: 'Deployment', object: without }), false);
});

test('a StatefulSet has the claims of its ordinals', () => {
  const rows: [Partial<Workload['spec']>, Partial<Seen>, string][] = [
    [{ replicas: 2 }, {}, 'shared data-web-0 data-web-1'],
    [{}, {}, 'shared data-web-0'],
    [{ replicas: 2, ordinals: { start: 5 } }, {}, 'shared data-web-5 data-web-6'],
    [{ replicas: 1 }, { replicas: 3 }, 'shared data-web-0 data-web-1 data-web-2'],
    [{ replicas: 2, ...templates('data', 'log') }, {}, 'shared data-web-0 log-web-0 data-web-1 log-web-1'],
    [{ replicas: 0 }, {}, 'shared'],
  ];
  for (const [spec, seen, expected] of rows) {
    const set = workload('StatefulSet', [claimVolume('shared')], { ...templates('data'), ...spec });
    assert.equal(namesOf(set, seen), expected);
  }
  const overridden = workload('StatefulSet', [claimVolume('ignored', 'data')], templates('data'));
  assert.equal(namesOf(overridden), 'data-web-0', 'a template takes the place of the volume of its name');
});

test('a StatefulSet scaled to zero has the claims that exist, by ordinal', () => {
  const set = workload('StatefulSet', [], { replicas: 0, ...templates('data', 'log') });
  const names =
    'data-web-10 data-web-2 log-web-2 data-web-x data-web-02 data-web-0-0 xdata-web-1 data-web- data-web2-1';
  assert.equal(
    namesOf(set, { claims: names.split(' ').map((name) => claim(name)) }),
    'data-web-2 log-web-2 data-web-10',
  );
  assert.equal(
    namesOf({ ...set, spec: { ...set.spec, replicas: 3 } }, { claims: [claim('data-web-7')], replicas: 0 }),
    'data-web-7',
  );
});

test('a target has as many claims as a session may have, and no more', () => {
  const set = (replicas: number) =>
    workload('StatefulSet', [claimVolume('shared')], { replicas, ...templates('data') });
  const claimsOf = (object: Workload, most: number) =>
    accept(claimsOfTarget({ kind: 'StatefulSet', object }, { claims: [], pods: [] }, most)).length;
  assert.equal(claimsOf(set(2), 3), 3);
  assert.equal(claimsOf(workload('StatefulSet', [], { replicas: 2, ...templates('data', 'log') }), 4), 4);
  const raise = 'raise --claims-per-session of the operator or of this command';
  for (const [replicas, most, count, hint] of [
    [2, 2, 3, raise],
    [10_000, 1_000, 10_000, raise],
    [10_001, 1_000, 10_001, 'snapshot its claims one by one: pvc/NAME'],
    [2 ** 40, 1_000, 2 ** 40, 'snapshot its claims one by one: pvc/NAME'],
  ] as const) {
    assert.throws(() => claimsOf(set(replicas), most), {
      kind: 'precondition',
      message: `statefulset/web has ${count} claims, and the limit of a session is ${most}`,
      hint,
    });
  }
});

test('the claims that a StatefulSet creates for its ordinals, not those that a workload mounts', () => {
  const set = workload('StatefulSet', [claimVolume('shared'), claimVolume('ignored', 'data')], {
    replicas: 2,
    ordinals: { start: 5 },
    ...templates('data', 'log'),
  });
  const created = ['data-web-5', 'log-web-5', 'log-web-6'];
  const others = ['data-web-4', 'data-web-7', 'data-web-05', 'data-web-', 'data', 'shared', 'ignored', 'web'];
  for (const name of [...created, ...others]) {
    assert.equal(createsClaim({ kind: 'StatefulSet', object: set }, name), created.includes(name), name);
  }
  const deployment = workload('Deployment', [claimVolume('data')]);
  for (const name of ['data', 'data-web-0']) {
    assert.equal(createsClaim({ kind: 'Deployment', object: deployment }, name), false);
    assert.equal(createsClaim({ kind: 'PersistentVolumeClaim', object: claim('data') }, name), false);
  }
});

test('scaling to zero loses no claim, whatever the order of the list', () => {
  const scaled = (replicas: number) => workload('StatefulSet', [], { replicas, ...templates('data', 'log') });
  const shuffled = fc.integer({ min: 1, max: 12 }).chain((replicas) => {
    const names = namesOf(scaled(replicas)).split(' ');
    return fc.tuple(fc.constant(names.join(' ')), fc.shuffledSubarray(names, { minLength: names.length }));
  });
  fc.assert(
    fc.property(shuffled, ([names, listed]) => {
      assert.equal(namesOf(scaled(0), { claims: listed.map((name) => claim(name)) }), names);
    }),
  );
});

test('refuses claims that cannot be snapshotted, all in one line', () => {
  const target = { kind: 'Deployment', name: 'web', namespace: 'demo' } as const;
  const deleted = claim('deleted');
  const unseen = claim('unseen');
  delete unseen.status;
  deleted.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  const claims = [
    claim('good'),
    claim('pending', { phase: 'Pending' }),
    claim('new', {}),
    unseen,
    claim('lost', { phase: 'Lost' }),
    deleted,
  ];
  const why = 'a class that waits for its first consumer binds a claim once a pod uses it';
  const rows: [string, string, string][] = [
    [
      '',
      'deployment/web uses no persistent volume claims',
      'ephemeral claims exist only while their pod runs\nkubectl describe deployment/web -n demo',
    ],
    ['good gone', 'claim gone of deployment/web does not exist', 'kubectl get pvc -n demo'],
    [
      'pending',
      'claim pending of deployment/web is not bound to a volume yet',
      `${why}\nkubectl describe pvc pending -n demo`,
    ],
    [
      'new',
      'claim new of deployment/web is not bound to a volume yet',
      `${why}\nkubectl describe pvc new -n demo`,
    ],
    [
      'unseen',
      'claim unseen of deployment/web is not bound to a volume yet',
      `${why}\nkubectl describe pvc unseen -n demo`,
    ],
    [
      'deleted',
      'claim deleted of deployment/web is being deleted',
      'a pod that uses it, even one that has ended, or a snapshot that is not ready still holds it\nkubectl describe pvc deleted -n demo',
    ],
    [
      'good lost gone pending',
      'claim lost of deployment/web has lost its volume; also gone does not exist, pending is not bound to a volume yet',
      'kubectl describe pvc lost -n demo',
    ],
    [
      'a b c d e f',
      'claim a of deployment/web does not exist; also b does not exist, c does not exist, d does not exist and 2 more',
      'kubectl get pvc -n demo',
    ],
  ];
  for (const [names, message, hint] of rows) {
    const check = () => {
      refuse(checkClaims(target, names.split(' ').filter(Boolean), claims));
    };
    assert.throws(check, { kind: names === '' ? 'no-claims' : 'precondition', message, hint });
  }
  assert.deepEqual(checkClaims(target, ['good'], claims), []);
  assert.throws(
    () => {
      refuse(
        checkClaims({ kind: 'PersistentVolumeClaim', name: 'lost', namespace: 'demo' }, ['lost'], claims),
      );
    },
    { message: 'claim lost has lost its volume' },
  );
});

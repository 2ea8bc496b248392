import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { ResourceQuota, Stored } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { demandOfClaims, demandOfSnapshots } from '#src/domain/quota/demand.ts';
import { quotaBudget, type Demand } from '#src/domain/quota/quota-budget.ts';

function quota(
  hard: Record<string, string>,
  used: Record<string, string> | undefined,
  spec: Omit<NonNullable<ResourceQuota['spec']>, 'hard'> = {},
): Stored<ResourceQuota> {
  const metadata = { name: 'team', namespace: 'demo', uid: 'q', resourceVersion: '1' };
  return {
    ...{ apiVersion: 'v1', kind: 'ResourceQuota', spec: { hard, ...spec } },
    metadata: { ...metadata, creationTimestamp: '2026-03-14T03:00:00Z' },
    ...(used && { status: { hard, used } }),
  };
}

function withoutSpec(): Stored<ResourceQuota> {
  const { apiVersion, kind, metadata } = quota({}, undefined);
  return { apiVersion, kind, metadata };
}

function template(name: string, storage: string | undefined, storageClassName?: string): VolumeClaimTemplate {
  return {
    metadata: { name },
    spec: {
      ...{ accessModes: ['ReadWriteOnce'], ...(storageClassName !== undefined && { storageClassName }) },
      resources: { requests: storage === undefined ? {} : { storage } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' },
    },
  };
}

const demand = (name: string, amount: bigint): Demand => new Map([[name, amount]]);
const storage = (bytes: bigint) => demand('requests.storage', bytes);
const gi = 1024n ** 3n;

const rows: { name: string; quotas: Stored<ResourceQuota>[]; wanted: Demand; message?: string }[] = [
  { name: 'no quota', quotas: [], wanted: storage(gi) },
  { name: 'a quota without a spec', quotas: [withoutSpec()], wanted: storage(gi) },
  {
    name: 'exactly what is left',
    quotas: [quota({ 'requests.storage': '3Gi' }, { 'requests.storage': '2Gi' })],
    wanted: storage(gi),
  },
  {
    name: 'one byte more',
    quotas: [quota({ 'requests.storage': '3Gi' }, { 'requests.storage': '2Gi' })],
    wanted: storage(gi + 1n),
    message: 'it does not fit into resourcequota team: 1Gi of requests.storage left, and 1Gi needed',
  },
  {
    name: 'more is used than the quota allows',
    quotas: [quota({ 'requests.storage': '1Gi' }, { 'requests.storage': '2Gi' })],
    wanted: storage(gi),
    message: 'it does not fit into resourcequota team: 0 of requests.storage left, and 1Gi needed',
  },
  {
    name: 'a number of objects',
    quotas: [quota({ persistentvolumeclaims: '5' }, { persistentvolumeclaims: '4' })],
    wanted: demand('persistentvolumeclaims', 2n),
    message: 'it does not fit into resourcequota team: 1 of persistentvolumeclaims left, and 2 needed',
  },
  {
    name: 'a large number of objects, which is no size',
    quotas: [quota({ 'count/volumesnapshots': '3000' }, { 'count/volumesnapshots': '952' })],
    wanted: demand('count/volumesnapshots', 4096n),
    message: 'it does not fit into resourcequota team: 2048 of count/volumesnapshots left, and 4096 needed',
  },
  {
    name: 'no limits, or no use',
    quotas: [
      { ...quota({}, {}), spec: {} },
      { ...quota({ pods: '1' }, {}), status: {} },
    ],
    wanted: demand('pods', 2n),
  },
  {
    name: 'the second of two resources',
    quotas: [quota({ pods: '1', secrets: '1' }, { pods: '0', secrets: '1' })],
    wanted: new Map([
      ['pods', 1n],
      ['secrets', 1n],
    ]),
    message: 'it does not fit into resourcequota team: 0 of secrets left, and 1 needed',
  },
  {
    name: 'nothing of a resource that is used up',
    quotas: [quota({ persistentvolumeclaims: '5' }, { persistentvolumeclaims: '7' })],
    wanted: demand('persistentvolumeclaims', 0n),
  },
  { name: 'another resource', quotas: [quota({ pods: '0' }, { pods: '0' })], wanted: storage(gi) },
  {
    name: 'use not reported yet',
    quotas: [quota({ 'requests.storage': '0' }, undefined)],
    wanted: storage(1n),
  },
  {
    name: 'a malformed limit',
    quotas: [quota({ 'requests.storage': 'lots' }, { 'requests.storage': '0' })],
    wanted: storage(1n),
  },
  {
    name: 'scopes, which select pods',
    quotas: [quota({ 'requests.storage': '0' }, { 'requests.storage': '0' }, { scopes: ['BestEffort'] })],
    wanted: storage(1n),
  },
  {
    name: 'a scope selector',
    quotas: [quota({ 'requests.storage': '0' }, { 'requests.storage': '0' }, { scopeSelector: {} })],
    wanted: storage(1n),
  },
  {
    name: 'empty scopes',
    quotas: [quota({ 'requests.storage': '0' }, { 'requests.storage': '0' }, { scopes: [] })],
    wanted: storage(gi),
    message: 'it does not fit into resourcequota team: 0 of requests.storage left, and 1Gi needed',
  },
  {
    name: 'the second of two quotas',
    quotas: [
      quota({ 'requests.storage': '9Gi' }, { 'requests.storage': '0' }),
      quota(
        { 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' },
        {
          'gold.storageclass.storage.k8s.io/requests.storage': '512Mi',
        },
      ),
    ],
    wanted: demand('gold.storageclass.storage.k8s.io/requests.storage', gi),
    message:
      'it does not fit into resourcequota team: 512Mi of gold.storageclass.storage.k8s.io/requests.storage left, and 1Gi needed',
  },
];

for (const { name, quotas, wanted, message } of rows) {
  test(`a quota: ${name}`, () => {
    const failures = quotaBudget(quotas)('it', wanted);
    assert.deepEqual(
      failures.map((each) => each.message),
      message === undefined ? [] : [message],
    );
    for (const { hint, kind } of failures)
      assert.deepEqual([hint, kind], ['kubectl describe resourcequota team -n demo', 'precondition']);
  });
}

test('a budget admits, one after another, what fits together, and nothing that it refused counts', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.array(fc.integer({ min: 1, max: 20 })), (hard, used, wanted) => {
      const budget = quotaBudget([quota({ pods: String(hard) }, { pods: String(used) })]);
      let left = hard - used;
      for (const amount of wanted) {
        const isAdmitted = budget('it', demand('pods', BigInt(amount))).length === 0;
        assert.equal(isAdmitted, amount <= left);
        if (isAdmitted) left -= amount;
      }
    }),
  );
});

test('claims count as objects, by their size, and in their class', () => {
  const classes = [
    {
      ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'csi.example.com' },
      metadata: {
        ...{ name: 'plain', uid: 'c', resourceVersion: '1', creationTimestamp: '2026-03-14T03:00:00Z' },
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
    },
  ];
  const templates = [template('a', '1Gi', 'gold'), template('b', '2Gi'), template('c', undefined, '')];
  const common = {
    'count/persistentvolumeclaims': 3n,
    persistentvolumeclaims: 3n,
    'requests.storage': 3n * gi,
    'gold.storageclass.storage.k8s.io/persistentvolumeclaims': 1n,
    'gold.storageclass.storage.k8s.io/requests.storage': gi,
  };
  assert.deepEqual(Object.fromEntries(demandOfClaims(templates, undefined)), common);
  assert.deepEqual(Object.fromEntries(demandOfClaims(templates, classes)), {
    ...common,
    'plain.storageclass.storage.k8s.io/persistentvolumeclaims': 1n,
    'plain.storageclass.storage.k8s.io/requests.storage': 2n * gi,
  });
});

test('a claim without a size, and without a default class, counts as an object', () => {
  const sizeless = { ...template('a', undefined), spec: {} };
  for (const spec of [{}, { resources: {} }]) {
    assert.deepEqual(Object.fromEntries(demandOfClaims([{ ...sizeless, spec }], [])), {
      'count/persistentvolumeclaims': 1n,
      persistentvolumeclaims: 1n,
      'requests.storage': 0n,
    });
  }
});

test('snapshots count as objects', () => {
  assert.deepEqual(Object.fromEntries(demandOfSnapshots(3)), {
    'count/volumesnapshots.snapshot.storage.k8s.io': 3n,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ResourceQuota, Stored } from '#src/api/kubernetes.ts';
import { storageLeft } from '#src/domain/quota/storage-left.ts';
import { stored } from '#test/domain/objects.ts';

const ofClass = 'fast.storageclass.storage.k8s.io/requests.storage';
const demand = new Map([
  ['requests.storage', 1n],
  [ofClass, 1n],
  ['persistentvolumeclaims', 1n],
]);

function quota(
  hard: Record<string, string>,
  used?: Record<string, string>,
  spec: Partial<ResourceQuota['spec']> = {},
): Stored<ResourceQuota> {
  return stored<ResourceQuota>({
    ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'team' }, spec: { hard, ...spec } },
    ...(used && { status: { used } }),
  });
}

const rows: readonly [string, Stored<ResourceQuota>[], bigint | undefined][] = [
  ['there is none', [], undefined],
  [
    'it counts claims only',
    [quota({ persistentvolumeclaims: '3' }, { persistentvolumeclaims: '1' })],
    undefined,
  ],
  ['its use is not known yet', [quota({ 'requests.storage': '10' })], undefined],
  [
    'it counts pods only',
    [quota({ 'requests.storage': '9' }, { 'requests.storage': '1' }, { scopes: ['x'] })],
    undefined,
  ],
  ['it leaves some', [quota({ 'requests.storage': '1Ki' }, { 'requests.storage': '24' })], 1000n],
  ['it leaves none', [quota({ 'requests.storage': '5' }, { 'requests.storage': '7' })], 0n],
  [
    'the class has a narrower one',
    [
      quota({ 'requests.storage': '100', [ofClass]: '50' }, { 'requests.storage': '0', [ofClass]: '10' }),
      quota({ 'requests.storage': '90' }, { 'requests.storage': '0' }),
    ],
    40n,
  ],
];

for (const [when, quotas, left] of rows) {
  test(`of a quota of storage ${left === undefined ? 'nothing is known' : `${left} is left`} if ${when}`, () => {
    assert.equal(storageLeft(quotas, demand), left);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { LabelSelector } from '#src/api/kubernetes.ts';
import { formatSelector, matches } from '#src/domain/workload/selector.ts';

const everything: LabelSelector = {
  matchLabels: { app: 'web', tier: 'a' },
  matchExpressions: [
    { key: 'zone', operator: 'In', values: ['x', 'y'] },
    { key: 'zone', operator: 'NotIn', values: ['y', 'w'] },
    { key: 'owner', operator: 'Exists' },
    { key: 'legacy', operator: 'DoesNotExist' },
  ],
};

test('selectors become label queries', () => {
  assert.equal(formatSelector(undefined), '');
  assert.equal(formatSelector({}), '');
  assert.equal(formatSelector({ app: 'web', matchLabels: 'odd' }), 'app=web,matchLabels=odd');
  assert.equal(formatSelector(everything), 'app=web,tier=a,zone in (x,y),zone notin (y,w),owner,!legacy');
});

test('a selector matches as in Kubernetes', () => {
  const labels = { app: 'web', tier: 'a', zone: 'x', owner: '' };
  assert.equal(matches(everything, labels), true);
  assert.equal(matches({ app: 'web' }, labels), true);
  assert.equal(matches({}, undefined), true);
  assert.equal(matches(undefined, labels), false);
  assert.equal(matches({ app: 'web' }, undefined), false);
  assert.equal(matches({ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['x'] }] }, {}), true);
  for (const wrong of [{ app: 'db' }, { zone: 'y' }, { zone: 'z' }, { legacy: 'true' }]) {
    assert.equal(matches(everything, { ...labels, ...wrong }), false, JSON.stringify(wrong));
  }
  assert.equal(matches(everything, { app: 'web', tier: 'a', zone: 'x' }), false);
  assert.equal(matches({ toString: 'x' }, {}), false);
});

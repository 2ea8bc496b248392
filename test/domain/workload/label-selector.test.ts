import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseLabelSelector } from '#src/domain/workload/label-selector.ts';
import { matches } from '#src/domain/workload/selector.ts';
import { isStashError } from '#src/errors.ts';

const labels = { app: 'web', tier: 'a', 'example.com/zone': 'x', owner: '' };

for (const [selector, selected] of [
  ['', true],
  ['app=web', true],
  ['app==web', true],
  ['app = web', true],
  ['app=db', false],
  ['app!=db', true],
  ['missing!=db', true],
  ['app!=web', false],
  ['app in (web, db)', true],
  ['app in (db)', false],
  ['app notin (db,cache)', true],
  ['app notin (web)', false],
  ['missing notin (web)', true],
  ['owner', true],
  ['owner=', true],
  ['owner in (x,)', true],
  ['missing', false],
  ['!missing', true],
  ['! owner', false],
  ['app=web,tier in (a,b),!legacy', true],
  ['app=web,tier in (b,c)', false],
  ['example.com/zone=x', true],
] as const) {
  test(`-l "${selector}" ${selected ? 'selects' : 'does not select'} them`, () => {
    assert.equal(matches(parseLabelSelector(selector), labels), selected);
  });
}

for (const wrong of ['=web', 'app=we b', 'app in web', 'app in (a', 'replicas>2', 'a,,b', '-l', 'app=a=b']) {
  test(`-l "${wrong}" is refused`, () => {
    assert.throws(
      () => parseLabelSelector(wrong),
      (error) => isStashError(error, 'usage'),
    );
  });
}

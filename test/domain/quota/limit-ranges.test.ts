import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { LimitRange } from '#src/api/kubernetes.ts';
import { claimsBeyondLimits } from '#src/domain/quota/limit-ranges.ts';
import { claim, stored } from '#test/domain/objects.ts';

const type = 'PersistentVolumeClaim';

function range(name: string, spec: LimitRange['spec']) {
  const object: LimitRange = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name } };
  return stored(spec === undefined ? object : { ...object, spec });
}

const between = (min: string, max: string) =>
  range('team', { limits: [{ type, min: { storage: min }, max: { storage: max } }] });

const ofSize = (name: string, storage?: string) =>
  claim(name, { spec: { resources: { requests: storage === undefined ? {} : { storage } } } });

const beyond = (why: string, size = '1Gi', by = 'team', name = 'data') =>
  `limitrange ${by} does not admit claim ${name} of ${size}: it must be at ${why}`;

const rows: [string, Parameters<typeof claimsBeyondLimits>, string[]][] = [
  ['no LimitRange', [[], [ofSize('data', '1Gi')]], []],
  ['both limits, which are inclusive', [[between('1Gi', '1Gi')], [ofSize('data', '1Gi')]], []],
  ['too small', [[between('2Gi', '3Gi')], [ofSize('data', '1Gi')]], [beyond('least 2Gi')]],
  ['too large', [[between('1Mi', '1023Mi')], [ofSize('data', '1Gi')]], [beyond('most 1023Mi')]],
  [
    'one byte too small, with the numbers as they are spelled',
    [[between('1Gi', '2Gi')], [ofSize('data', '1073741823')]],
    [beyond('least 1Gi', '1073741823')],
  ],
  [
    'each LimitRange, each of its limits, and each claim',
    [
      [
        range('low', { limits: [{ type, max: { storage: '1Mi' } }] }),
        range('high', {
          limits: [
            { type, min: { storage: '1Ti' } },
            { type, min: { storage: '2Ti' } },
          ],
        }),
      ],
      [ofSize('data', '1Gi'), ofSize('logs', '2Gi')],
    ],
    [
      beyond('most 1Mi', '1Gi', 'low'),
      beyond('least 1Ti', '1Gi', 'high'),
      beyond('least 2Ti', '1Gi', 'high'),
      beyond('most 1Mi', '2Gi', 'low', 'logs'),
      beyond('least 1Ti', '2Gi', 'high', 'logs'),
      beyond('least 2Ti', '2Gi', 'high', 'logs'),
    ],
  ],
  [
    'limits of containers and pods',
    [
      [
        range('team', {
          limits: ['Container', 'Pod'].map((kind) => ({ type: kind, min: { storage: '2Gi' } })),
        }),
      ],
      [ofSize('data', '1Gi')],
    ],
    [],
  ],
  [
    'limits of something else, none, and no spec',
    [
      [
        range('team', { limits: [{ type, min: { cpu: '1' }, max: {} }, { type }] }),
        range('empty', {}),
        range('bare', undefined),
      ],
      [ofSize('data', '1Gi')],
    ],
    [],
  ],
  ['malformed limits', [[between('lots', 'few')], [ofSize('data', '1Gi')]], []],
  ['no size', [[between('1Gi', '2Gi')], [ofSize('data'), claim('none', { spec: {} })]], []],
  ['a malformed size', [[between('1Gi', '2Gi')], [ofSize('data', 'large')]], []],
];

for (const [name, given, messages] of rows) {
  test(`a LimitRange: ${name}`, () => {
    const failures = claimsBeyondLimits(...given);
    assert.deepEqual(
      failures.map(({ message }) => message),
      messages,
    );
    for (const { kind, hint, message } of failures) {
      const [, by] = /^limitrange (\S+)/.exec(message) ?? [];
      assert.deepEqual([kind, hint], ['precondition', `kubectl describe limitrange ${by} -n demo`]);
    }
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findingOf, type ProbeStep } from '#src/domain/probe/probe-step.ts';

const about = 'volumesnapshot/p';
const startedAt = new Date('2026-03-14T03:00:00Z');
const now = new Date(startedAt.getTime() + 61_000);
const base = { about, milliseconds: 61_000 };
const sum = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const rows: readonly (readonly [step: ProbeStep, level: string, message: string])[] = [
  [{ ...base, name: 'write', state: 'done', value: sum }, 'ok', 'volume made, 4 MiB written after 1m1s'],
  [
    { ...base, name: 'snapshot', state: 'done', value: '1Gi' },
    'ok',
    'ready to use, 1Gi to restore, after 1m1s',
  ],
  [
    { ...base, name: 'restore', state: 'done', value: sum },
    'ok',
    'volume made from the snapshot, data read after 1m1s',
  ],
  [
    { ...base, name: 'compare', state: 'done', value: sum },
    'ok',
    'the same bytes (SHA-256 e3b0c44298fc…) after 1m1s',
  ],
  [{ ...base, name: 'clean-up', state: 'done', value: '' }, 'ok', 'nothing is left after 1m1s'],
  [
    { about, name: 'snapshot', state: 'running', waits: 'driver reports: full', startedAt },
    'fail',
    'not done after 1m1s: driver reports: full',
  ],
  [
    { ...base, name: 'write', state: 'failed', why: 'job p failed: no space' },
    'fail',
    'failed after 1m1s: job p failed: no space',
  ],
];
for (const [step, level, message] of rows) {
  test(`${step.name} ${step.state}`, () => {
    const found = findingOf(step, { namespace: 'demo', now });
    assert.deepEqual([found.level, found.message, found.about], [level, message, about]);
    assert.equal(found.check, `probe-${step.name}`);
    if (level === 'fail') assert.equal(found.hint, 'kubectl get events --sort-by .lastTimestamp -n demo');
  });
}

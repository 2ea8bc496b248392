import assert from 'node:assert/strict';
import { test } from 'node:test';

import { boundedWaitMs, countProblem, durationProblem, raisedWait } from '#src/domain/spec-limits.ts';

test('a wait is between ten seconds and a year', () => {
  const rows: [string | undefined, number | undefined][] = [
    ['10m', 600_000],
    ['0', 10_000],
    ['9.999s', 10_000],
    ['10.001s', 10_001],
    ['8760h', 31_536_000_000],
    ['8761h', 31_536_000_000],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [text, milliseconds] of rows) assert.equal(boundedWaitMs(text), milliseconds);
});

test('a duration is malformed, too short or too long', () => {
  const rows: [text: string | undefined, leastMs: number, problem: string | undefined][] = [
    [undefined, 1, undefined],
    ['', 1, undefined],
    ['10m', 1, undefined],
    ['1ms', 1, undefined],
    ['0', 0, undefined],
    ['0', 1, 'spec.timeOut "0" must be greater than zero'],
    ['soon', 1, 'spec.timeOut "soon" is not a duration such as 10m or 1h30m'],
    ['8760h', 1, undefined],
    ['8760h1ms', 1, 'spec.timeOut "8760h1ms" is longer than 8760h, the limit'],
  ];
  for (const [text, leastMs, problem] of rows) {
    assert.equal(durationProblem('spec.timeOut', text, leastMs), problem);
  }
});

test('a wait below ten seconds is told, since ten seconds take its place', () => {
  assert.equal(
    raisedWait('spec.timeOut', '9s'),
    'spec.timeOut "9s" is shorter than 10s, which takes its place',
  );
  for (const text of ['10s', '1h', 'soon', '', undefined]) {
    assert.equal(raisedWait('spec.timeOut', text), undefined);
  }
});

test('a count is negative or above the limit', () => {
  assert.equal(countProblem('spec.replicas', -1, 5), 'spec.replicas is -1, and cannot be negative');
  assert.equal(countProblem('spec.replicas', 6, 5), 'spec.replicas is 6, and the limit is 5');
  for (const count of [undefined, 0, 5]) assert.equal(countProblem('spec.replicas', count, 5), undefined);
});

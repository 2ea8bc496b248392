import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { rollUp, type ClaimPhase } from '#src/domain/session/roll-up.ts';

test('a session is what its claims are', () => {
  const rows: [ClaimPhase[], ClaimPhase][] = [
    [[], 'Failed'],
    [['Succeeded', 'Succeeded'], 'Succeeded'],
    [['Succeeded', 'Pending'], 'Running'],
    [['Failed', 'Running'], 'Running'],
    [['Succeeded', 'Unknown', 'Failed'], 'Failed'],
    [['Succeeded', 'Unknown'], 'Unknown'],
  ];
  for (const [phases, phase] of rows) assert.equal(rollUp(phases), phase, phases.join());
});

test('order does not count, and success needs the success of all', () => {
  const phase = fc.constantFrom<ClaimPhase>('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown');
  fc.assert(
    fc.property(fc.array(phase), (phases) => {
      assert.equal(rollUp(phases.toReversed()), rollUp(phases));
      const all = phases.length > 0 && phases.every((each) => each === 'Succeeded');
      assert.equal(rollUp(phases) === 'Succeeded', all);
    }),
  );
});

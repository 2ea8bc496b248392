import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { rollUp, type ClaimPhase } from '#src/domain/session/roll-up.ts';

test("a session's phase follows from its claims' phases", () => {
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

test('the order of claims does not matter, and success needs every claim to succeed', () => {
  const phase = fc.constantFrom<ClaimPhase>('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown');
  fc.assert(
    fc.property(fc.array(phase), (phases) => {
      assert.equal(rollUp(phases.toReversed()), rollUp(phases));
      const all = phases.length > 0 && phases.every((each) => each === 'Succeeded');
      assert.equal(rollUp(phases) === 'Succeeded', all);
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { NodeRequirement, NodeSelectorTerm, PersistentVolume } from '#src/api/kubernetes.ts';
import { misplacedVolume, placeOf } from '#src/domain/in-place/topology.ts';

function volume(...nodeSelectorTerms: NodeSelectorTerm[]): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv' },
    spec: { nodeAffinity: { required: { nodeSelectorTerms } } },
  };
}

const anywhere: PersistentVolume = { ...volume(), spec: {} };

function on(...requirements: (readonly [string, ...string[]])[]): NodeSelectorTerm {
  return {
    matchExpressions: requirements.map(([key, ...values]): NodeRequirement => ({
      ...{ key, operator: 'In' as const, values },
    })),
  };
}

const zoneA = on(['zone', 'a']);
const zoneB = on(['zone', 'b']);

const fits: readonly [string, PersistentVolume, PersistentVolume][] = [
  ['neither is bound to a place', anywhere, anywhere],
  ['only the new one is', anywhere, volume(zoneA)],
  ['only the present one is', volume(zoneA), anywhere],
  ['both are in one zone', volume(zoneA), volume(zoneA)],
  ['the new one is in more zones', volume(zoneA), volume(on(['zone', 'b', 'a']))],
  ['one of several terms fits', volume(zoneA, zoneB), volume(on(['zone', 'c']), zoneB)],
  ['they agree on all labels that both require', volume(on(['zone', 'a'], ['x', '1'])), volume(zoneA)],
  [
    'they require the same by another operator',
    volume({ matchFields: [{ key: 'metadata.name', operator: 'Exists' }] }),
    volume({ matchFields: [{ key: 'metadata.name', operator: 'Exists' }] }),
  ],
];

for (const [when, present, incoming] of fits) {
  test(`the new volume fits where ${when}`, () => {
    assert.equal(misplacedVolume('data', present, incoming), undefined);
  });
}

const misplaced: readonly [string, PersistentVolume, PersistentVolume, string][] = [
  ['in another zone', volume(zoneA), volume(zoneB), 'zone=b, the present one on nodes with zone=a'],
  [
    'on another node of the zone',
    volume(on(['zone', 'a'], ['host', '1'])),
    volume(on(['zone', 'a'], ['host', '2', '3'])),
    'zone=a, host=2|3, the present one on nodes with zone=a, host=1',
  ],
  [
    'by other labels',
    volume(zoneA),
    volume(on(['host', '1']), on(['host', '2'])),
    'host=1 or host=2, the present one on nodes with zone=a',
  ],
  [
    'where not the present one is',
    volume(zoneA),
    volume({ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }),
    'zone NotIn a, the present one on nodes with zone=a',
  ],
];

for (const [where, present, incoming, words] of misplaced) {
  test(`a new volume ${where} is refused`, () => {
    const found = misplacedVolume('data', present, incoming);
    assert.equal(found?.message, `the new volume of claim data is usable on nodes with ${words}`);
    assert.match(found.hint ?? '', /WaitForFirstConsumer/);
  });
}

test('whether two volumes share a place does not depend on which one is new', () => {
  const term = fc
    .array(fc.tuple(fc.constantFrom('zone', 'host'), fc.subarray(['a', 'b', 'c'])), { maxLength: 2 })
    .map((pairs) => on(...pairs.map(([key, values]) => [key, ...values] as const)));
  const terms = fc.array(term, { maxLength: 3 }).map((each) => volume(...each));
  fc.assert(
    fc.property(terms, terms, (a, b) => {
      assert.equal(misplacedVolume('data', a, b) === undefined, misplacedVolume('data', b, a) === undefined);
    }),
  );
});

test('the place of a volume is what it requires of a node’s labels', () => {
  assert.equal(placeOf(anywhere), undefined);
  assert.equal(placeOf(volume()), undefined);
  assert.equal(placeOf(volume(on(['zone', 'a'], ['host', '1']), on(['zone', 'a']))), 'a, 1');
});

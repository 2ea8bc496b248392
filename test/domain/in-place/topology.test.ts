import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type {
  ClusterNode,
  NodeRequirement,
  NodeSelectorTerm,
  PersistentVolume,
} from '#src/api/kubernetes.ts';
import { isUsableOn, misplacedVolume, placeOf } from '#src/domain/in-place/topology.ts';
import { stored } from '#test/domain/objects.ts';

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

const requirements: readonly [NodeRequirement, boolean][] = [
  [{ key: 'zone', operator: 'In', values: ['a', 'b'] }, true],
  [{ key: 'zone', operator: 'In', values: ['b'] }, false],
  [{ key: 'disk', operator: 'In', values: ['ssd'] }, false],
  [{ key: 'zone', operator: 'NotIn', values: ['a'] }, false],
  [{ key: 'disk', operator: 'NotIn', values: ['ssd'] }, true],
  [{ key: 'zone', operator: 'Exists' }, true],
  [{ key: 'disk', operator: 'Exists' }, false],
  [{ key: 'zone', operator: 'DoesNotExist' }, false],
  [{ key: 'disk', operator: 'DoesNotExist' }, true],
  [{ key: 'rank', operator: 'Gt', values: ['4'] }, true],
  [{ key: 'rank', operator: 'Gt', values: ['5'] }, false],
  [{ key: 'rank', operator: 'Lt', values: ['6'] }, true],
  [{ key: 'disk', operator: 'Lt', values: ['6'] }, false],
];
const node = stored<ClusterNode>({
  ...{ apiVersion: 'v1', kind: 'Node' },
  metadata: { name: 'worker', labels: { zone: 'a', rank: '5' } },
});

for (const [requirement, isMet] of requirements) {
  test(`a node in zone a of rank 5 ${isMet ? 'meets' : 'does not meet'} ${JSON.stringify(requirement)}`, () => {
    assert.equal(isUsableOn(volume({ matchExpressions: [requirement] }), node), isMet);
  });
}

test('a volume is usable on a node that meets all of one of its terms, or by the name of the node', () => {
  assert.equal(isUsableOn(anywhere, node), true);
  assert.equal(isUsableOn(volume(zoneB, zoneA), node), true);
  assert.equal(isUsableOn(volume(on(['zone', 'a'], ['rank', '6'])), node), false);
  const named = (name: string) =>
    volume({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] });
  assert.equal(isUsableOn(named('worker'), node), true);
  assert.equal(isUsableOn(named('other'), node), false);
});

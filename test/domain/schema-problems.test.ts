import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stashCrds } from '#src/api/crds/index.ts';
import { restoreSessionSchema } from '#src/api/crds/restore-session.ts';
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { schemaProblems } from '#src/domain/schema-problems.ts';
import { manifestsOf } from '#test/api/crds/from-schema.ts';
import { schemaOf, validatorOf } from '#test/api/crds/openapi.ts';

const rows: [name: string, spec: unknown, problems: string[]][] = [
  ['a good one', { driver: 'VolumeSnapshotter', target: { replicas: 3, volumeClaimTemplates: [] } }, []],
  ['null is absent', { target: null, driver: null }, []],
  [
    'a port of either kind',
    { hooks: { preRestore: { tcpSocket: { port: 80 }, httpGet: { port: 'web' } } } },
    [],
  ],
  ['what is kept is not looked at', { runtimeSettings: { pod: [null] }, task: { params: 1 } }, []],
  [
    'words for a number',
    { target: { replicas: 'two' } },
    ['spec.target.replicas must be an integer, not "two"'],
  ],
  ['half a replica', { target: { replicas: 1.5 } }, ['spec.target.replicas must be an integer, not 1.5']],
  ['an unknown driver', { driver: 'CSI' }, ['spec.driver must be Restic or VolumeSnapshotter, not "CSI"']],
  ['a list for an object', { target: [1] }, ['spec.target must be an object, not a list']],
  ['an object for a list', { rules: {} }, ['spec.rules must be a list, not an object']],
  ['an empty spec', null, []],
  ['a spec of text', 'x', ['spec must be an object, not "x"']],
  ['null in a list', { rules: [{}, null] }, ['spec.rules[1] must be an object, not null']],
  [
    'a required field',
    { hooks: { preRestore: { tcpSocket: {} } } },
    ['spec.hooks.preRestore.tcpSocket.port is required'],
  ],
  ['a required field that is null', { repository: { name: null } }, ['spec.repository.name is required']],
  [
    'neither integer nor string',
    { hooks: { preRestore: { tcpSocket: { port: true } } } },
    ['spec.hooks.preRestore.tcpSocket.port must be an integer or a string, not true'],
  ],
  [
    'several, in the order of the file',
    {
      timeOut: 600,
      target: {
        volumeClaimTemplates: [
          {
            metadata: { name: 'x', labels: { 'a/b': 1 } },
            spec: { dataSource: { kind: 'VolumeSnapshot' }, resources: { requests: { storage: '1 Gi' } } },
          },
        ],
      },
    },
    [
      'spec.timeOut must be a string, not 600',
      'spec.target.volumeClaimTemplates[0].metadata.labels["a/b"] must be a string, not 1',
      'spec.target.volumeClaimTemplates[0].spec.dataSource.name is required',
      'spec.target.volumeClaimTemplates[0].spec.resources.requests.storage is malformed: "1 Gi"',
    ],
  ],
];

for (const [name, spec, expected] of rows) {
  test(`schema problems: ${name}`, () => {
    const manifest = { apiVersion: 'stash.appscode.com/v1beta1', kind: 'RestoreSession', metadata: {}, spec };
    const found = schemaProblems(manifest, restoreSessionSchema);
    assert.deepEqual(
      found.map(({ path, message }) => `${path} ${message}`),
      expected,
    );
  });
}

test('a value of any type where the schema names none, and a number', () => {
  for (const value of ['x', 1, null, [], { a: 1 }]) {
    assert.deepEqual(schemaProblems(value, { required: ['a'] }), []);
  }
  assert.deepEqual(schemaProblems(1.5, { type: 'number' }), []);
  assert.deepEqual(schemaProblems('x', { type: 'number' }), [
    { path: '', message: 'must be a number, not "x"' },
  ]);
});

test('a pattern is for text', () => {
  const port: JsonSchema = { 'x-kubernetes-int-or-string': true, pattern: '^[a-z]+$' };
  for (const value of ['web', 80]) assert.deepEqual(schemaProblems(value, port), []);
  assert.deepEqual(schemaProblems('80', port), [{ path: '', message: 'is malformed: "80"' }]);
});

test('null where the schema allows it', () => {
  assert.equal(schemaProblems(1, { type: 'string', nullable: true }).length, 1);
  const list = (nullable: boolean): JsonSchema => ({ type: 'array', items: { type: 'string', nullable } });
  assert.deepEqual(schemaProblems([null], list(true)), []);
  assert.equal(schemaProblems([null], list(false)).length, 1);
  assert.deepEqual(schemaProblems(null, { type: 'string' }), [
    { path: '', message: 'must be a string, not null' },
  ]);
});

/** Copies of a value, each with one leaf, list or object replaced. */
function mutated(value: unknown, at: number, by: unknown): unknown {
  let left = at;
  const visit = (node: unknown): unknown => {
    if (left-- === 0) return by;
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, visit(item)]));
  };
  return visit(value);
}

for (const crd of stashCrds) {
  test(`schema problems: the same result as a full validator, ${crd.spec.names.kind}`, () => {
    const schema = schemaOf(crd);
    const validate = validatorOf(schema, { formats: false });
    const replacement = fc.constantFrom<unknown>('Always', '1 Gi', 1, 1.5, true, [], {}, [[]]);
    fc.assert(
      fc.property(manifestsOf(schema), fc.nat({ max: 30 }), replacement, (manifest, at, by) => {
        const value = mutated(manifest, at, by);
        assert.equal(schemaProblems(value, schema).length === 0, validate(value).length === 0);
      }),
      { numRuns: 300 },
    );
  });
}

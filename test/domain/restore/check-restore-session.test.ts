/** A RestoreSession in a file means what it means to `kubectl create -f`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkRestoreSession } from '#src/domain/restore/check-restore-session.ts';

const spec = { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates: [] } };
const object = {
  apiVersion: 'stash.appscode.com/v1beta1',
  kind: 'RestoreSession',
  metadata: { name: 'r' },
  spec,
};
const { apiVersion, kind, metadata } = object;
const listed = (kind: string, ...items: unknown[]) => ({ apiVersion: 'v1', kind, items });
const check = (...documents: unknown[]) => checkRestoreSession(documents, 'r.yaml');

function told(...documents: unknown[]) {
  const choice = check(...documents);
  assert('failure' in choice, JSON.stringify(choice));
  const { kind, message, hint } = choice.failure;
  assert.equal(kind, 'usage');
  return [message, hint];
}

test('takes the one session of a file, alone or in a list', () => {
  const files: unknown[][] = [
    [object],
    [null, object, undefined],
    [listed('List', object)],
    [listed('RestoreSessionList', object)],
  ];
  for (const documents of files) assert.deepEqual(check(...documents), { value: object });
});

test('null, and an empty namespace, mean that the field is absent', () => {
  const rows: [given: object, means: object][] = [
    [{ metadata: { name: 'r', namespace: '', labels: null } }, {}],
    [
      { metadata: { name: 'r', labels: { a: 'b', c: null } } },
      { metadata: { name: 'r', labels: { a: 'b' } } },
    ],
    [{ metadata: { name: 'r', namespace: 'demo' } }, { metadata: { name: 'r', namespace: 'demo' } }],
    [{ metadata: { name: 'r', generateName: 'x-' } }, {}],
    [{ spec: { ...spec, hooks: null } }, {}],
    [{ spec: null }, { spec: {} }],
  ];
  for (const [given, means] of rows) {
    assert.deepEqual(check({ ...object, ...given }), { value: { ...object, ...means } });
  }
  assert.deepEqual(check({ apiVersion, kind, metadata }), { value: { ...object, spec: {} } });
});

test('makes a name as the API server does', () => {
  const named = (generateName: string) => {
    const choice = check({ ...object, metadata: { generateName } });
    assert('value' in choice);
    assert.deepEqual(Object.keys(choice.value.metadata), ['name']);
    return choice.value.metadata.name;
  };
  assert.match(named('restore-'), /^restore-[0-9a-f]{5}$/);
  assert.match(named('r'.repeat(70)), /^r{58}[0-9a-f]{5}$/);
  assert.notEqual(named('r-'), named('r-'));
});

test('refuses what is not one RestoreSession, and says what to write', () => {
  const one = 'one RestoreSession is expected';
  const write = 'write apiVersion: stash.appscode.com/v1beta1 and kind: RestoreSession';
  const explain = 'kubectl explain restoresession.spec --recursive';
  const name = 'r.yaml: metadata.name must be the name of the session';
  const letters = 'lower-case letters, digits, dashes and dots';
  const rows: [documents: unknown[], message: string, hint: string][] = [
    [[], 'r.yaml holds nothing', one],
    [[null], 'r.yaml holds nothing', one],
    [[listed('List')], 'r.yaml holds nothing', one],
    [[object, object], 'r.yaml holds 2 documents', one],
    [[listed('List', object, object)], 'r.yaml holds 2 documents', one],
    [['text'], 'r.yaml holds no object of Kubernetes', one],
    [[[object]], 'r.yaml holds no object of Kubernetes', one],
    [[listed('List', null)], 'r.yaml holds no object of Kubernetes', one],
    [[{}], 'r.yaml is of no kind, not a RestoreSession', write],
    [[listed('PodList', object)], 'r.yaml is a PodList of v1, not a RestoreSession', write],
    [[{ ...object, apiVersion: 'v1' }], 'r.yaml is a RestoreSession of v1, not a RestoreSession', write],
    [
      [{ ...object, kind: 'Pod' }],
      'r.yaml is a Pod of stash.appscode.com/v1beta1, not a RestoreSession',
      write,
    ],
    [[{ kind: 'List', items: 'none' }], 'r.yaml is a List of undefined, not a RestoreSession', write],
    [
      [{ ...object, spec: { ...spec, hook: {} } }],
      'r.yaml: unknown field "spec.hook", did you mean "hooks"?',
      explain,
    ],
    [[{ ...object, metadata: {} }], name, letters],
    [[{ apiVersion, kind, spec }], name, letters],
    [[{ ...object, metadata: { name: 'R' } }], name, letters],
  ];
  for (const [documents, message, hint] of rows) assert.deepEqual(told(...documents), [message, hint]);
});

test('refuses values of the wrong type, also where the definition says nothing of them', () => {
  const rows: [changes: object, field: string][] = [
    [{ spec: { driver: 1 } }, 'spec.driver'],
    [{ metadata: 'r' }, 'metadata'],
    [{ metadata: { name: 1 } }, 'metadata.name'],
    [{ metadata: { name: 'r', generateName: 1 } }, 'metadata.generateName'],
    [{ metadata: { name: 'r', namespace: {} } }, 'metadata.namespace'],
    [{ metadata: { name: 'r', labels: 'x' } }, 'metadata.labels'],
    [{ metadata: { name: 'r', labels: { a: 1 } } }, 'metadata.labels.a'],
    [{ metadata: { name: 'r', annotations: [] } }, 'metadata.annotations'],
    [{ metadata: { name: 'r', annotations: { a: true } } }, 'metadata.annotations.a'],
  ];
  for (const [changes, field] of rows) {
    const [message, hint] = told({ ...object, ...changes });
    assert.match(message ?? '', new RegExp(`^r\\.yaml: ${field.replaceAll('.', '\\.')} must be `));
    assert.equal(hint, 'kubectl explain restoresession.spec --recursive');
  }
});

test('refuses a hook that no executor could run', () => {
  const exec = { exec: { command: ['sync'] } };
  for (const hook of ['preRestore', 'postRestore']) {
    const hooks = { preRestore: exec, postRestore: { ...exec, executionPolicy: 'Always' } };
    assert('value' in check({ ...object, spec: { ...spec, hooks } }));
    const [message, hint] = told({ ...object, spec: { ...spec, hooks: { ...hooks, [hook]: {} } } });
    assert.match(message ?? '', new RegExp(`^r\\.yaml: spec\\.hooks\\.${hook} names no handler`));
    assert.equal(hint, `kubectl explain restoresession.spec.hooks.${hook}`);
  }
});

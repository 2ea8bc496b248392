import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { readySnapshot } from '#src/domain/restore/ready-snapshot.ts';
import { created, snapshot } from '#test/domain/objects.ts';

const from = (spec: VolumeClaimTemplate['spec']): VolumeClaimTemplate => ({
  metadata: { name: 'data' },
  spec,
});
const source = (name: string) => ({ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name });

const going = snapshot('going', { readyToUse: true });
going.metadata.deletionTimestamp = created;
const seen = [
  going,
  snapshot('good', { readyToUse: true }),
  snapshot('new'),
  snapshot('made', { readyToUse: false }),
  snapshot('failed', { readyToUse: false, error: { message: 'disk\nfull' } }),
  snapshot('mute', { error: {} }),
];

test('a claim is restored from the ready snapshot that either field of its template names', () => {
  for (const spec of [
    { dataSource: source('good') },
    { dataSourceRef: source('good') },
    { dataSource: source('good'), dataSourceRef: source('new') },
  ]) {
    assert.deepEqual(readySnapshot(from(spec), seen, 'demo'), { value: seen[1] });
  }
});

test('a snapshot that is not there, or not ready, is refused with a way to look', () => {
  const list = 'kubectl get volumesnapshot -n demo';
  const look = (name: string) => `kubectl describe volumesnapshot ${name} -n demo`;
  const rows: [name: string, kind: string, message: string, hint: string][] = [
    ['unlike', 'not-found', 'volumesnapshot "unlike" not found in namespace demo', list],
    [
      'goood',
      'not-found',
      'volumesnapshot "goood" not found in namespace demo',
      `did you mean good?\n${list}`,
    ],
    ['going', 'precondition', 'volumesnapshot going is being deleted', list],
    ['new', 'precondition', 'volumesnapshot new is not ready', look('new')],
    ['made', 'precondition', 'volumesnapshot made is not ready', look('made')],
    ['failed', 'precondition', 'volumesnapshot failed is not ready: disk full', look('failed')],
    ['mute', 'precondition', 'volumesnapshot mute is not ready', look('mute')],
  ];
  for (const [name, kind, message, hint] of rows) {
    const choice = readySnapshot(from({ dataSource: source(name) }), seen, 'demo');
    assert('failure' in choice);
    const { failure } = choice;
    assert.deepEqual([failure.kind, failure.message, failure.hint], [kind, message, hint]);
  }
});

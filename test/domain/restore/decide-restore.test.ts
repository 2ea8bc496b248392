import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { buildClaim, buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { decideRestore, restoreClaims, type RestoreWorld } from '#src/domain/restore/decide-restore.ts';

import { claim, created, restoreSession, target } from '#test/domain/objects.ts';

const start = new Date(created);
const timeoutMs = 60_000;
const after = (milliseconds: number) => new Date(start.getTime() + milliseconds);
const running = { phase: 'Running', sessionDeadline: after(timeoutMs).toISOString() } as const;
const session = restoreSession(running);

const templates: VolumeClaimTemplate[] = ['data-db-0', 'data-db-1'].map((name) => ({
  metadata: { name, labels: { app: 'db', 'app.kubernetes.io/managed-by': 'Helm' } },
  spec: { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: `${name}-1` } },
}));

function made(
  name: string,
  phase: 'Pending' | 'Bound' | 'Lost',
  uid = session.metadata.uid,
): Stored<PersistentVolumeClaim> {
  const object = claim(name, { status: { phase } });
  object.metadata.annotations = { [annotation.restoreSessionUid]: uid };
  return object;
}

function world(
  changes: Partial<RestoreWorld> = {},
  ...claims: Stored<PersistentVolumeClaim>[]
): RestoreWorld {
  return {
    now: start,
    session,
    takenAt: start,
    templates,
    claims: new Map(claims.map((each) => [each.metadata.name, each])),
    claimContext: () => ({ waitsForConsumer: false }),
    refused: new Map(),
    hooks: undefined,
    end: undefined,
    leaving: false,
    timeoutMs,
    lost: false,
    ...changes,
  };
}

describe('decideRestore', () => {
  const waiting = { claimContext: () => ({ waitsForConsumer: true }) };
  const used = { claimContext: () => ({ waitsForConsumer: true, pod: 'db-0' }) };
  const two = (phase: 'Pending' | 'Bound' | 'Lost') => [made('data-db-0', phase), made('data-db-1', phase)];
  const rows: [string, RestoreWorld, string, string?][] = [
    ['without a status', world({ session: restoreSession() }), 'start'],
    ['nothing made yet', world(), 'create'],
    ['one of two made', world({}, made('data-db-0', 'Bound')), 'create'],
    ['one still pending', world({}, made('data-db-0', 'Bound'), made('data-db-1', 'Pending')), 'wait'],
    ['all bound', world({}, ...two('Bound')), 'finish', 'Succeeded'],
    ['one lost', world({}, made('data-db-0', 'Bound'), made('data-db-1', 'Lost')), 'finish', 'Failed'],
    ['no pod uses what waits for one', world(waiting, ...two('Pending')), 'finish', 'Unknown'],
    ['a pod uses what waits for one', world(used, ...two('Pending')), 'wait'],
    ['pending at the deadline', world({ now: after(timeoutMs) }, ...two('Pending')), 'finish', 'Failed'],
    [
      'no pod uses the claim at the deadline',
      world({ now: after(timeoutMs), ...waiting }, ...two('Pending')),
      'finish',
      'Unknown',
    ],
    [
      'a claim that another client created',
      world({}, made('data-db-0', 'Bound', 'other'), made('data-db-1', 'Bound')),
      'finish',
      'Failed',
    ],
    [
      'taken over after its deadline',
      world({ now: after(90_000), takenAt: after(90_000) }, ...two('Pending')),
      'start',
    ],
    ['a session that ended', world({ session: restoreSession({ phase: 'Succeeded' }) }), 'done'],
  ];
  for (const [name, given, step, phase] of rows) {
    test(`${name}: ${step}${phase === undefined ? '' : ` ${phase}`}`, () => {
      const decided = decideRestore(given);
      assert.equal(decided.do, step);
      if (decided.do === 'finish') assert.equal(decided.status(undefined).phase, phase);
    });
  }

  test('a restart after the deadline sets a new deadline', () => {
    const decided = decideRestore(world({ now: after(90_000), takenAt: after(90_000) }));
    assert(decided.do === 'start');
    assert.equal(decided.status(undefined).sessionDeadline, after(90_000 + timeoutMs).toISOString());
  });

  test('creates only what is missing', () => {
    const decided = decideRestore(world({}, made('data-db-0', 'Bound')));
    assert(decided.do === 'create');
    assert.deepEqual(
      decided.made.map(({ object: { metadata } }) => metadata.name),
      ['data-db-1'],
    );
  });

  test('shows the last warning about a waiting claim', () => {
    const claimContext = () => ({ waitsForConsumer: false, warning: 'no space left in the pool' });
    const [row] = restoreClaims(world({ claimContext }, made('data-db-0', 'Pending')));
    assert.equal(row?.message, 'no space left in the pool');
  });
});

describe('buildClaim', () => {
  const owner = buildRestoreSession({ target, templates, restoredFrom: 'sts-db-1', at: start });
  const built = buildClaim(
    { ...session, metadata: { ...session.metadata, ...owner.metadata } },
    templates[0] ?? assert.fail(),
  );

  test('keeps the labels of the original claim', () => {
    assert.equal(built.metadata.labels?.['app'], 'db');
    assert.equal(built.metadata.labels['app.kubernetes.io/managed-by'], 'Helm');
    assert.equal(built.metadata.labels['stash.appscode.com/target-name'], 'db');
  });

  test('records which session made the claim', () => {
    assert.equal(built.metadata.annotations?.[annotation.restoreSessionUid], session.metadata.uid);
  });

  test('leaves the reference to the workload out, which would mean Restic', () => {
    assert.equal(owner.spec.target?.ref, undefined);
  });
});

test('a claim that waits for a preRestore hook says so', () => {
  const hooks = { pre: { exec: { command: ['sync'] } }, adHoc: false };
  const messages = restoreClaims(world({ hooks }, made('data-db-0', 'Pending'))).map(
    ({ message }) => message,
  );
  assert.deepEqual(messages, ['waiting for its volume', 'waiting for the preRestore hook to end']);
  const without = restoreClaims(world({ hooks: { ...hooks, pre: undefined } }));
  assert.equal(without[0]?.message, 'not created yet');
});

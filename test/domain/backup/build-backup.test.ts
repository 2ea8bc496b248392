/** The objects of a backup, as the API server gets them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildBackupSession, buildConfiguration, buildSnapshot } from '#src/domain/backup/build-backup.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';

import { backupSession, claim, configuration, created, target } from '#test/domain/objects.ts';

const prefix = 'stash.appscode.com/';
const at = new Date(created);
const seconds = at.getTime() / 1000;
const workload = {
  [`${prefix}target-kind`]: 'StatefulSet',
  [`${prefix}target-name`]: 'db',
  [`${prefix}target-namespace`]: 'demo',
  'app.kubernetes.io/managed-by': 'kubectl-stash',
};
const invoker = { [`${prefix}invoker-type`]: 'BackupConfiguration', [`${prefix}invoker-name`]: 'sts-db' };
const targetRef = { [`${prefix}target`]: '{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db"}' };
const marks = { [`${prefix}made-by`]: 'user:me' };

test('a configuration for snapshots by hand never runs and deletes nothing', () => {
  const built = buildConfiguration(target);
  const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };
  const spec = {
    driver: 'VolumeSnapshotter',
    schedule: '0 0 1 1 *',
    paused: true,
    target: { ref },
    retentionPolicy: { name: 'keep-all', prune: false },
  };
  assert.deepEqual(built, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata: { name: 'sts-db', namespace: 'demo', labels: { ...invoker, ...workload } },
    spec,
  });
  assert.deepEqual(buildConfiguration(target, 'fast').spec.target, { ref, snapshotClassName: 'fast' });
  assert.equal(isPlaceholder(built), true);
  assert.equal(isPlaceholder({ spec: { ...built.spec, paused: false } }), false);
  assert.equal(isPlaceholder({ spec: { ...built.spec, schedule: '0 3 * * *' } }), false);
});

test('a session belongs to its configuration, and records who asked for what', () => {
  const given = {
    configuration: configuration('sts-db'),
    target,
    at,
    maker: { by: 'user', name: 'me' },
  } as const;
  const built = buildBackupSession(given);
  assert.deepEqual(built, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name: `sts-db-${seconds}`,
      namespace: 'demo',
      labels: { ...invoker, ...workload },
      annotations: { ...targetRef, ...marks },
      ownerReferences: [
        {
          apiVersion: 'stash.appscode.com/v1beta1',
          kind: 'BackupConfiguration',
          name: 'sts-db',
          uid: 'uid-of-backupconfiguration-sts-db',
          controller: true,
        },
      ],
    },
    spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'sts-db' } },
  });
  const asked = buildBackupSession({
    ...given,
    claims: ['a', 'b'],
    keep: { pinned: true },
    snapshotClass: 'fast',
    hooks: { pre: { exec: { command: ['sync'] } } },
    holder: { id: 'job-x', counter: 3 },
  }).metadata.annotations;
  assert.equal(asked?.[`${prefix}session-claims`], '["a","b"]');
  assert.equal(asked[`${prefix}snapshot-class`], 'fast');
  assert.match(asked[`${prefix}executor`] ?? '', /^job-x /);
  assert.match(asked[`${prefix}hooks`] ?? '', /sync/);
  assert.equal(asked[`${prefix}pinned`], 'true');
});

test('a snapshot records its session, its claim and until when the application was quiet', () => {
  const session = backupSession();
  session.metadata.annotations = marks;
  const given = {
    session,
    target,
    planned: { claim: claim('a') },
    sessionClaims: ['a', 'b'],
    nameTaken: false,
  };
  const { metadata, ...built } = buildSnapshot(given);
  const { [`${prefix}source-claim`]: source, ...annotations } = metadata.annotations ?? {};
  assert.match(source ?? '', /"storage":"1Gi"/);
  assert.deepEqual(annotations, {
    [`${prefix}session-uid`]: session.metadata.uid,
    [`${prefix}session-name`]: session.metadata.name,
    [`${prefix}session-claims`]: '["a","b"]',
    ...targetRef,
    ...marks,
  });
  assert.deepEqual(built, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    spec: { source: { persistentVolumeClaimName: 'a' } },
  });
  assert.equal(metadata.name, `a-${seconds}`);
  assert.equal(metadata.namespace, 'demo');
  assert.deepEqual(metadata.labels, {
    ...{ ...invoker, ...workload },
    [`${prefix}backup-session`]: session.metadata.name,
  });
  const second = buildSnapshot({
    ...given,
    planned: { ...given.planned, snapshotClass: 'fast' },
    nameTaken: true,
    quietUntil: at,
  });
  assert.notEqual(second.metadata.name, metadata.name);
  assert.equal(second.spec.volumeSnapshotClassName, 'fast');
  assert.equal(second.metadata.annotations?.[`${prefix}cut-before`], at.toISOString());
});

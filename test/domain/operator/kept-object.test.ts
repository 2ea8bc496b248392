/** What the operator's caches keep of the objects that tenants write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CronJob, Job, KubernetesObject, ObjectMeta, Pod, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { buildCronJob } from '#src/domain/operator/build-cron-job.ts';
import { isInPlace, readRecord } from '#src/domain/in-place/record.ts';
import {
  keepBackupSession,
  keepConfiguration,
  keepRestoreSession,
  type KeptObject,
} from '#src/domain/operator/kept-object.ts';
import { sizeOf, trimCronJob, trimJob, trimPod, trimToExistence } from '#src/domain/operator/trim.ts';
import { outline, trimBookkeeping } from '#src/domain/outline.ts';
import { readTarget } from '#src/domain/workload/target.ts';
import {
  inPlaceRecord,
  inPlaceSession,
  type InPlaceChanges,
} from '#test/domain/in-place/in-place-session.ts';
import {
  backupSession,
  configuration,
  created,
  restoreSession,
  stored,
  withoutDriver,
} from '#test/domain/objects.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const identity = { uid: 'u', resourceVersion: '1', creationTimestamp: created };
const apps = (metadata: ObjectMeta) => stored({ apiVersion: 'v1', kind: 'Pod', metadata });

function withMetadata<T extends KubernetesObject>(
  object: Stored<T>,
  metadata: Partial<ObjectMeta>,
): Stored<T> {
  return { ...object, metadata: { ...object.metadata, ...metadata } };
}

/** Grows `spec.large` of the object to `size` characters in all. */
function ofSize<T extends KubernetesObject>(object: Stored<T>, size: number): Stored<T> {
  const of = (large: string) => ({ ...object, spec: { ...(object as { spec?: object }).spec, large } });
  const grown = of('x'.repeat(size - sizeOf(of(''))));
  assert.equal(sizeOf(grown), size);
  return grown;
}

test('the outline of an object has its identity, version and timestamps', () => {
  const { apiVersion, kind } = apps({ name: 'a' });
  const whole = apps({ name: 'a', ...identity, deletionTimestamp: 'd', labels: { a: 'b' }, generation: 3 });
  assert.deepEqual(trimToExistence(whole), {
    apiVersion,
    kind,
    metadata: { name: 'a', namespace: 'demo', ...identity, deletionTimestamp: 'd' },
  });
  const { namespace, ...metadata } = whole.metadata;
  assert.equal(namespace, 'demo');
  assert.deepEqual(Object.keys(outline({ ...whole, metadata }).metadata), [
    ...['name', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp'],
  ]);
  assert.ok(!('deletionTimestamp' in outline(apps({ name: 'a' })).metadata));
});

test("managed fields and kubectl's copy of the object are dropped", () => {
  const plain = apps({ name: 'a' });
  const written = withMetadata(plain, {
    annotations: { [lastApplied]: '{}', mine: 'yes' },
    ...{ managedFields: [{}] },
  });
  assert.deepEqual(trimBookkeeping(written), withMetadata(plain, { annotations: { mine: 'yes' } }));
  assert.deepEqual(trimBookkeeping(plain), plain);
});

test('of a pod, the operator keeps its owners, its node, the names of its containers and its status', () => {
  const metadata = { name: 'p', ...identity, labels: { a: 'b' }, ownerReferences: [], generation: 2 };
  const pod = stored<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, annotations: { large: 'x' } },
    spec: { nodeName: 'n', containers: [{ name: 'main', image: 'busybox' }], volumes: [] },
    status: { phase: 'Running' },
  });
  const kept = { ...pod, metadata: { namespace: 'demo', ...metadata } };
  assert.deepEqual(trimPod(pod), { ...kept, spec: { nodeName: 'n', containers: [{ name: 'main' }] } });
  const waiting = { ...pod, spec: { containers: [] } };
  delete waiting.status;
  assert.deepEqual(Object.keys(trimPod(waiting)), ['apiVersion', 'kind', 'metadata', 'spec']);
  assert.deepEqual(trimPod(waiting).spec, { containers: [] });
});

test('of a Job, the operator keeps at most 32 labels and owners, and its status', () => {
  const labels = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`label-${index}`, 'a']));
  const ownerReferences = Object.keys(labels).map((name) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name,
    uid: 'u',
  }));
  const job = stored<Job>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', labels, ownerReferences },
    status: { conditions: [] },
  });
  const { metadata, ...rest } = trimJob(job);
  assert.deepEqual(rest, { apiVersion: 'batch/v1', kind: 'Job', status: { conditions: [] } });
  assert.deepEqual(Object.keys(metadata.labels ?? {}), Object.keys(labels).slice(0, 32));
  assert.deepEqual(metadata.ownerReferences, ownerReferences.slice(0, 32));
  const bare = stored<Job>({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } });
  assert.deepEqual(trimJob(bare), bare);
});

test('a CronJob that is too large to be ours is kept without its spec', () => {
  const ours = stored<CronJob>(buildCronJob(configuration('nightly'), { image: 'a' }));
  assert.deepEqual(trimCronJob(ours), ours);
  assert.deepEqual(trimCronJob(ofSize(ours, 65_536)).spec.jobTemplate, ours.spec.jobTemplate);
  const large = trimCronJob(ofSize(ours, 65_537));
  assert.deepEqual(large.spec, {
    schedule: '',
    jobTemplate: { spec: { template: { spec: { containers: [] } } } },
  });
  assert.deepEqual(large.metadata.ownerReferences, ours.metadata.ownerReferences);
});

test('the status, which no tenant writes, does not count', () => {
  const session = backupSession();
  assert.equal(sizeOf({ ...session, ...{ status: { phase: 'Running' } } }), sizeOf(session));
});

const decides = Object.fromEntries(
  [
    ...['executor', 'target', 'hooks', 'quiesced-since', 'quiesced-until'],
    ...['made-by', 'pinned', 'keep-until', 'snapshot-class'],
  ].map((name) => [`stash.appscode.com/${name}`, 'a']),
);

test('of the annotations of a session, those by which the operator decides are kept', () => {
  const session = withMetadata(backupSession(), { annotations: { ...decides, mine: 'yes' } });
  const kept = keepBackupSession(session);
  assert.deepEqual(kept, { ...withMetadata(session, { annotations: decides }), kept: {} });
  assert.equal(keepBackupSession(kept), kept);
  const others = withMetadata(session, { annotations: { mine: 'yes' } });
  assert.ok(!('annotations' in keepBackupSession(others).metadata));
  assert.deepEqual(keepBackupSession(backupSession()), { ...backupSession(), kept: {} });
});

const limit = 32_768;
const tooLarge = (size: number) =>
  `it has ${size} characters without claim templates and status, and the limit is ${limit}`;

test('a backup session that is too large is refused, and kept in outline', () => {
  const name = 'n'.repeat(300);
  const session: Stored<BackupSession> = {
    ...withMetadata(backupSession({ phase: 'Pending' }), {
      generation: 2,
      finalizers: ['a/b'],
      labels: { a: 'b' },
      annotations: { 'stash.appscode.com/executor': name, 'stash.appscode.com/pinned': 'true' },
    }),
    spec: { invoker: { kind: name, name } },
  };
  assert.equal(keepBackupSession(ofSize(session, limit)).kept?.refused, undefined);
  const { namespace = '', uid, resourceVersion, creationTimestamp } = session.metadata;
  assert.deepEqual(keepBackupSession(ofSize(session, limit + 1)), {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      ...{ name: 'sts-db-1773457200', namespace, uid, resourceVersion, creationTimestamp },
      generation: 2,
      finalizers: ['a/b'],
      annotations: { 'stash.appscode.com/executor': name.slice(0, 253) },
    },
    spec: { invoker: { kind: name.slice(0, 253), name: name.slice(0, 253) } },
    status: { phase: 'Pending' },
    kept: { refused: tooLarge(limit + 1) },
  });
  const bare = keepBackupSession(ofSize(backupSession(), limit + 1));
  assert.deepEqual(Object.keys(bare), ['apiVersion', 'kind', 'metadata', 'spec', 'kept']);
  assert.deepEqual(Object.keys(bare.metadata).sort(), [
    ...['creationTimestamp', 'name', 'namespace', 'resourceVersion', 'uid'],
  ]);
});

test('finalizers that are too large are dropped as a whole', () => {
  const keptOf = (finalizer: string) =>
    keepBackupSession(withMetadata(ofSize(backupSession(), limit + 1), { finalizers: [finalizer] })).metadata
      .finalizers;
  const longest = 'f'.repeat(limit - 4);
  assert.deepEqual(keptOf(longest), [longest]);
  assert.equal(keptOf(`${longest}f`), undefined);
  const none = withMetadata(ofSize(backupSession(), limit + 1), { finalizers: [] });
  assert.ok(!('finalizers' in keepBackupSession(none).metadata));
});

type Restore = Stored<KeptObject<RestoreSession>>;

function restoreWith(spec: object, metadata: Partial<ObjectMeta> = {}): Restore {
  return { ...withMetadata(restoreSession(), metadata), spec };
}

const ref = { kind: 'StatefulSet', name: 'db' };
const driver = 'VolumeSnapshotter';
const template = {
  metadata: { name: 'data-db-0' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    dataSource: { kind: 'VolumeSnapshot', name: 's', apiGroup: 'snapshot.storage.k8s.io' },
  },
};

test('a restore session is checked, and then kept without its claim templates', () => {
  const target = { ref, replicas: 1, volumeClaimTemplates: [template] };
  const annotations = { ...decides, mine: 'yes' };
  const kept = keepRestoreSession(restoreWith({ driver, target, timeOut: '1h' }, { annotations }));
  const spec = { driver, target: { ref, replicas: 1 }, timeOut: '1h' };
  assert.deepEqual(kept, { ...restoreWith(spec, { annotations: decides }), kept: { refused: undefined } });
  assert.equal(keepRestoreSession(kept), kept);
  const bare = keepRestoreSession(restoreWith({ driver }));
  assert.deepEqual(bare.spec, { driver, target: {} });
  assert.match(bare.kept?.refused ?? '', /volumeClaimTemplates/);
  const many = { driver, target: { ref, volumeClaimTemplates: [template, template] } };
  assert.match(keepRestoreSession(restoreWith(many), 1).kept?.refused ?? '', /limit/);
});

test('a restore session of another driver, or one that is too large, is kept in outline', () => {
  const plain = restoreWith({ driver });
  for (const spec of [{ driver: 'Restic', target: { ref } }, { target: { ref } }] as const) {
    const { driver: other } = spec as { driver?: string };
    assert.deepEqual(keepRestoreSession(restoreWith(spec)), {
      ...plain,
      spec: other === undefined ? {} : { driver: other },
      kept: {},
    });
  }
  const kept = keepRestoreSession(ofSize(restoreWith({ driver, target: {} }), limit + 1));
  assert.deepEqual(kept, { ...plain, kept: { refused: tooLarge(limit + 1) } });
  const templates = restoreWith({
    driver,
    target: { volumeClaimTemplates: Array.from({ length: 300 }, () => template) },
  });
  assert.ok(sizeOf(templates) > limit);
  assert.doesNotMatch(keepRestoreSession(templates).kept?.refused ?? '', /characters/);
});

test('of a restore in place, the record is kept with one claim, and that it is one always', () => {
  const { claims } = inPlaceRecord();
  const many = Array.from({ length: 1_000 }, (_, index) => ({ ...claims[0], name: `c-${index}` }) as never);
  const keptOf = (changes: InPlaceChanges, spec: object = {}) => {
    const made = stored<RestoreSession>(inPlaceSession(changes));
    return keepRestoreSession({ ...made, spec: { ...made.spec, ...spec } });
  };
  const kept = keptOf({ record: { replicas: 3, claims: many } });
  assert.deepEqual(readRecord(kept), inPlaceRecord({ replicas: 3, claims: many.slice(0, 1) }));
  assert.deepEqual(readTarget(kept), { kind: 'StatefulSet', name: 'db', namespace: 'demo' });
  for (const odd of [
    keptOf({ written: 'x'.repeat(limit) }),
    keptOf({ record: { volumesOf: 'x'.repeat(limit) } }),
    keptOf({}, { driver: 'Restic' }),
  ]) {
    assert.equal(odd.metadata.annotations?.['stash.appscode.com/in-place'], '');
    assert.equal(isInPlace(odd), true);
  }
});

test('a configuration is kept whole, or in outline where it has another driver or is too large', () => {
  const ours: Stored<KeptObject<BackupConfiguration>> = configuration('nightly', {
    schedule: '0 3 * * *',
    paused: false,
    backupHistoryLimit: 0,
  });
  const kept = keepConfiguration(withMetadata(ours, { annotations: { [lastApplied]: '{}' } }));
  assert.deepEqual(kept, { ...withMetadata(ours, { annotations: {} }), kept: {} });
  assert.equal(keepConfiguration(kept), kept);
  const retentionPolicy = { name: '', prune: false };
  const large = keepConfiguration(ofSize(ours, limit + 1));
  assert.deepEqual(large.spec, { driver, paused: false, backupHistoryLimit: 0, retentionPolicy });
  assert.deepEqual(large.kept, { refused: tooLarge(limit + 1) });
  const theirs = keepConfiguration(configuration('nightly', { driver: 'Restic' }));
  assert.deepEqual(theirs.spec, { driver: 'Restic', retentionPolicy });
  assert.deepEqual(theirs.kept, { refused: undefined });
  assert.deepEqual(keepConfiguration(withoutDriver(configuration('nightly'))).spec, { retentionPolicy });
});

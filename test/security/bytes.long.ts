/** Tenants write objects of any size: lists are read in parts, and the operator's caches keep what it decides by. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { AskFor } from '#src/cluster/api.ts';
import { listCollection } from '#src/cluster/collection.ts';
import { connect } from '#src/cluster/connect.ts';
import { AnswerTooLong } from '#src/cluster/http.ts';
import {
  keepBackupSession,
  keepConfiguration,
  keepRestoreSession,
} from '#src/domain/operator/kept-object.ts';
import { trimCronJob, trimJob, trimPod } from '#src/domain/operator/trim.ts';
import { backupSession, configuration, pod, restoreSession, stored } from '#test/domain/objects.ts';
import { openSessionStage } from '#test/operator/session-stage.ts';

const megabyte = 'x'.repeat(1_200_000);
const annotations = { 'example.com/large': megabyte };
const sizeOf = (object: object) => JSON.stringify(object).length;

function templated(count: number): RestoreSession['spec'] {
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };
  const volumeClaimTemplates = Array.from({ length: count }, (_, index) => ({
    metadata: { name: `claim-${index}`, annotations: { note: 'y'.repeat(1_000) } },
    spec: { accessModes: ['ReadWriteOnce' as const], dataSource },
  }));
  return { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates } };
}

test('an object of 1.2 MB leaves a few hundred bytes in a cache, and tells why it is refused', () => {
  const hooks = { preRestore: { exec: { command: [megabyte] } } };
  const restores: [RestoreSession['spec'], RegExp | undefined][] = [
    [{ driver: 'Restic', hooks }, undefined],
    [{ hooks }, undefined],
    [templated(900), undefined],
    [
      { ...templated(1), hooks },
      /^it has 12\d{5} characters without claim templates and status, and the limit is 32768$/,
    ],
    [{ ...templated(1), target: { ref: { name: megabyte } } }, /^it has 12\d{5} characters/],
  ];
  for (const [spec, why] of restores) {
    const whole = restoreSession();
    const kept = keepRestoreSession({ ...whole, metadata: { ...whole.metadata, annotations }, spec });
    assert.ok(sizeOf(kept) < 1_000, String(sizeOf(kept)));
    assert.deepEqual([kept.spec.driver, kept.metadata.uid], [spec.driver, whole.metadata.uid]);
    if (why === undefined) assert.equal(kept.kept?.refused, undefined);
    else assert.match(kept.kept?.refused ?? '', why);
    assert.equal(keepRestoreSession(kept), kept);
  }
  const session = backupSession();
  const large = { ...session, spec: { invoker: { kind: megabyte, name: megabyte } } };
  assert.ok(
    sizeOf(keepBackupSession({ ...session, metadata: { ...session.metadata, annotations } })) < 1_000,
  );
  assert.ok(sizeOf(keepBackupSession(large)) < 2_000);
  assert.match(keepBackupSession(large).kept?.refused ?? '', /^it has 24\d{5} characters/);

  const finalizers = ['stash.appscode.com/cron-job', 'example.com/other'];
  const own = configuration(
    'a',
    { target: { ref: { name: megabyte } }, backupHistoryLimit: 7 },
    { finalizers },
  );
  const { spec, metadata, kept } = keepConfiguration(own);
  assert.deepEqual([spec.backupHistoryLimit, metadata.finalizers], [7, finalizers]);
  assert.match(kept?.refused ?? '', /^it has 12\d{5} characters/);
  const foreign = keepConfiguration({ ...own, spec: { ...own.spec, driver: 'Restic' } });
  assert.ok(sizeOf(foreign) < 1_000);
});

test('objects with our labels that tenants write are cut, too', () => {
  const command = [megabyte];
  const theirs = pod('p', []);
  const metadata = { ...theirs.metadata, annotations };
  const containers = [{ name: 'main', image: 'i', command }];
  assert.ok(sizeOf(trimPod({ ...theirs, metadata, spec: { containers } })) < 1_000);
  const template = { spec: { containers } };
  const job = stored({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } });
  assert.ok(sizeOf(trimJob(job)) < 1_000);
  const jobTemplate = { spec: { template } };
  const cronJob = stored({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata,
    spec: { schedule: '', jobTemplate },
  });
  assert.ok(sizeOf(trimCronJob(cronJob)) < 1_000);
});

/** Answers as an API server does that has `count` objects of `size` bytes; a page ends at its limit. */
function serverOf(
  count: number,
  size: number,
): { readonly ask: AskFor; readonly pages: number[]; longest: number } {
  const seen = { pages: [] as number[], longest: 0, ask: undefined as unknown as AskFor };
  seen.ask = ({ path, longest = Infinity }, read) => {
    const { searchParams } = new URL(path, 'http://server');
    const from = Number(searchParams.get('continue') ?? 0);
    const limit = Number(searchParams.get('limit') ?? count);
    const to = Math.min(count, from + limit);
    if ((to - from) * size > longest) return Promise.reject(new AnswerTooLong());
    seen.pages.push(to - from);
    seen.longest = Math.max(seen.longest, (to - from) * size);
    const items = Array.from({ length: to - from }, (_, index) => ({
      metadata: { name: `s-${from + index}`, uid: `${from + index}`, resourceVersion: '1' },
      spec: {},
    }));
    const metadata = { resourceVersion: '1', ...(to < count && { continue: String(to) }) };
    return Promise.resolve(read(Buffer.from(JSON.stringify({ metadata, items }))));
  };
  return seen;
}

const limits = { pageSize: 500, pageLength: 16_000_000 };

test('a page has as many objects as fit into memory', async () => {
  for (const [size, first] of [
    [1_000, 500],
    [100_000, 62],
    [1_200_000, 7],
    [20_000_000, 1],
  ] as const) {
    const server = serverOf(1_000, size);
    const { items } = await listCollection(server.ask, restoreSessions, {}, limits);
    assert.equal(items.length, 1_000);
    assert.equal(server.pages[0], first);
    assert.ok(server.longest <= Math.max(size, limits.pageLength));
  }
});

test('a page is trimmed before the next but one is asked for: no more than two are in memory', async () => {
  const order: string[] = [];
  const server = serverOf(4, 20_000_000);
  const ask: AskFor = (request, read) => {
    order.push('page');
    return server.ask(request, read);
  };
  const trim = (object: Stored<RestoreSession>) => {
    order.push(object.metadata.name);
    return object;
  };
  await listCollection(ask, restoreSessions, { trim }, { ...limits, pageSize: 1 });
  assert.deepEqual(order, ['page', 'page', 's-0', 'page', 's-1', 'page', 's-2', 's-3']);
});

test('the operator ignores large sessions of another driver, refuses large ones of its own, and goes on', async () => {
  await using place = await openSessionStage();
  const { stage } = place;
  const home = await stage.home(['data']);
  const hooks = { preRestore: { exec: { command: [megabyte] } } };
  await place.restore(home, 'theirs', { driver: 'Restic', hooks });
  await place.restore(home, 'ours', { ...templated(1), hooks });
  const { clock } = place;
  const { cluster } = await connect(
    { kubeconfig: stage.sandbox.kubeconfig },
    {},
    {
      ...{ clock, version: 'test', limits: { pageLength: 1_000_000 } },
    },
  );
  const { items } = await cluster.list(restoreSessions, { namespace: home });
  assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), ['ours', 'theirs']);
  cluster.close();
  await using operator = await place.operator();
  const { status } = await place.restored(home, 'ours');
  assert.equal(status?.phase, 'Invalid', operator.id);
  assert.match(status.conditions?.[0]?.message ?? '', /^it has 12\d{5} characters/);
  await place.configuration(home);
  await place.session(home, 'normal');
  assert.equal((await place.ended(home, 'normal')).status?.phase, 'Succeeded');
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { Event, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { events, pods, storageClasses } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import { ClusterError } from '#src/cluster/errors.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { StashError } from '#src/errors.ts';
import { createLog } from '#src/operator/log.ts';
import { eventRecorder } from '#src/operator/record-event.ts';
import { manualClock } from '#test/support/clock.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { linesInto } from './lines.ts';
import { openStand } from './stand.ts';

const stand = await openStand();
const flags = { kubeconfig: stand.kubeconfig };
const { cluster: remote } = await connect(flags, {}, { clock: scaledClock(), version: 'test' });
after(async () => {
  remote.close();
  await stand[Symbol.asyncDispose]();
});

function stage(cluster: Cluster = remote) {
  const clock = manualClock();
  const log: string[] = [];
  return { clock, log, ...eventRecorder({ cluster, clock, log: createLog(linesInto(log), 'info', clock) }) };
}

function pod(name: string): Stored<KubernetesObject> {
  const metadata = {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: '7',
    creationTimestamp: '',
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata };
}

async function eventsOf(name: string, namespace = 'default'): Promise<Stored<Event>[]> {
  const { items } = await stand.sandbox.cluster.list(events, { namespace });
  return items.filter(({ involvedObject }) => involvedObject.name === name);
}

test('an Event has its reason, object, times and count; an identical one increases the count', async () => {
  const { record, written, clock } = stage();
  record(pods, pod('a'), 'Warning', 'Bad', 'it is bad');
  await written();
  await clock.advance(65_000);
  record(pods, pod('a'), 'Warning', 'Bad', 'it is bad');
  record(pods, pod('a'), 'Warning', 'Bad', 'it is bad');
  record(pods, pod('a'), 'Normal', 'Good', 'it is good');
  await written();
  const [one, ...others] = (await eventsOf('a')).sort((a, b) =>
    (a.reason ?? '').localeCompare(b.reason ?? ''),
  );
  const { metadata, ...rest } = one ?? assert.fail();
  assert.match(metadata.name, /^a\.\w{5}$/);
  assert.deepEqual(rest, {
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: {
      ...{
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: 'default',
        name: 'a',
        uid: 'uid-a',
        resourceVersion: '7',
      },
    },
    source: { component: 'kubectl-stash' },
    type: 'Warning',
    reason: 'Bad',
    message: 'it is bad',
    firstTimestamp: '2026-03-14T03:00:00Z',
    lastTimestamp: '2026-03-14T03:01:05Z',
    count: 3,
  });
  assert.deepEqual(
    others.map(({ reason, count }) => [reason, count]),
    [['Good', 1]],
  );
});

test('an identical Event during the write of the first is counted too', async () => {
  const gate = Promise.withResolvers<undefined>();
  const slow: Cluster = {
    ...remote,
    create: async (...a) => {
      await gate.promise;
      return await remote.create(...a);
    },
  };
  const { record, written } = stage(slow);
  record(pods, pod('f'), 'Warning', 'Bad', 'it is bad');
  record(pods, pod('f'), 'Warning', 'Bad', 'it is bad');
  await Promise.resolve();
  record(pods, pod('f'), 'Warning', 'Bad', 'it is bad');
  const all = written();
  gate.resolve(undefined);
  await all;
  assert.deepEqual(
    (await eventsOf('f')).map(({ count }) => count),
    [3],
  );
});

test('an Event that the API server has deleted is written again', async () => {
  const { record, written } = stage();
  record(pods, pod('b'), 'Normal', 'Same', 'again');
  await written();
  const [before] = await eventsOf('b');
  await stand.sandbox.cluster.delete(events, { name: before?.metadata.name ?? '', namespace: 'default' });
  record(pods, pod('b'), 'Normal', 'Same', 'again');
  await written();
  assert.deepEqual(
    (await eventsOf('b')).map(({ count }) => count),
    [2],
  );
});

test('names and messages are cut to the limits, and Events of cluster-scoped objects are in namespace default', async () => {
  const { record, written } = stage();
  const name = 'n'.repeat(253);
  const clusterWide = { name, uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  record(storageClasses, { apiVersion: '', kind: '', metadata: clusterWide }, 'Normal', 'R', 'x');
  record(pods, pod('c'), 'Normal', 'Long', 'm'.repeat(5_000));
  await written();
  assert.equal((await eventsOf('c'))[0]?.message?.length, 1_024);
  assert.equal((await eventsOf(name)).length, 1);
});

test('an Event that cannot be written is dropped and does not delay others', async () => {
  let tries = 0;
  const failing = {
    ...remote,
    create: () => {
      tries += 1;
      return Promise.reject(
        tries === 1
          ? new ClusterError('forbidden', 'it goes', { reason: 'NamespaceTerminating' })
          : new StashError('forbidden', 'no'),
      );
    },
  };
  const { record, written, log } = stage(failing);
  record(pods, pod('d'), 'Normal', 'One', 'x');
  record(pods, pod('d'), 'Normal', 'Two', 'x');
  assert.equal(tries <= 2, true);
  await written();
  assert.deepEqual(
    log.map((line) => (JSON.parse(line) as { msg: string; error: string }).error),
    ['no'],
    'a missing right is logged, a namespace that is being deleted is not',
  );
});

test('Events beyond the length of the queue are dropped', async () => {
  const gate = Promise.withResolvers<never>();
  let asked = 0;
  const hanging = {
    ...remote,
    create: () => {
      asked += 1;
      return gate.promise;
    },
  };
  const { record, written } = stage(hanging);
  for (let n = 0; n < 3_000; n++) record(pods, pod('e'), 'Normal', 'Many', `number ${n}`);
  gate.reject(new StashError('forbidden', 'no'));
  await written();
  assert.ok(asked > 1_000 && asked < 1_010, String(asked));
});

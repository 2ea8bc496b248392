import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { backupSessions, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import { run } from '#src/cli/run.ts';
import type { Cluster, WatchEvent } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import { StashError, type ErrorKind } from '#src/errors.ts';

import { at, backupSession, snapshotOf } from '#test/domain/restore-point-objects.ts';
import { manualClock } from '#test/support/clock.ts';
import { testContext } from '#test/support/context.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

/** A cluster whose watches yield what the test pushes. */
function watched(refused: Readonly<Record<string, ErrorKind>> = {}) {
  const queues = new Map<string, WatchEvent<KubernetesObject>[]>(
    [volumeSnapshots, backupSessions].map(({ plural }) => [plural, []]),
  );
  const queueOf = (plural: string) => queues.get(plural) ?? [];
  let bell = Promise.withResolvers<undefined>();
  const cluster: Cluster = stubCluster({
    get: <T extends KubernetesObject>() => Promise.resolve({ metadata: { name: 'demo' } } as Stored<T>),
    async *watch<T extends KubernetesObject>(
      { plural }: Resource<T>,
      _: unknown,
      signal: AbortSignal,
    ): AsyncGenerator<WatchEvent<T>> {
      const kind = refused[plural];
      if (kind) throw new StashError(kind, `${plural}: ${kind}`);
      while (!signal.aborted) {
        for (const queue = queueOf(plural); queue.length > 0;) yield queue.shift() as WatchEvent<T>;
        const stopped = new Promise((resolve) => {
          signal.addEventListener('abort', resolve, { once: true });
        });
        await Promise.race([bell.promise, stopped]);
      }
    },
  });
  const push = (resource: Resource, event: WatchEvent<KubernetesObject>) => {
    queueOf(resource.plural).push(event);
    bell.resolve(undefined);
    bell = Promise.withResolvers();
  };
  return { cluster, push };
}

function start(words: string, refused?: Readonly<Record<string, ErrorKind>>) {
  const { cluster, push } = watched(refused);
  const interrupt = new AbortController();
  const clock = manualClock(at(100));
  const context = testContext({ cluster, clock, signal: interrupt.signal });
  const ended = run(['list', '-w', ...words.split(' ').filter((word) => word !== '')], context, commands);
  const printed = async (count: number) => {
    while (context.stdout().split('\n').length <= count) await setImmediate();
  };
  const lines = () => context.stdout().trimEnd().split('\n');
  return { push, ended, printed, lines, interrupt, context, clock };
}

const two = ['data', 'logs'];
const data = snapshotOf('s-1', 'data', { claims: two });
const logs = snapshotOf('s-1', 'logs', { claims: two });

test('list -w prints the list, then each point that changes, until Ctrl-C', async () => {
  const { push, ended, printed, lines, interrupt } = start('--utc');
  push(backupSessions, { type: 'listed', items: [backupSession('s-1', 'Running', { claims: two })] });
  push(volumeSnapshots, { type: 'listed', items: [data, snapshotOf('s-0', 'www', { created: at(-60) })] });
  await printed(3);
  push(volumeSnapshots, { type: 'changed', object: logs });
  await printed(4);
  push(backupSessions, { type: 'changed', object: backupSession('s-1', 'Succeeded', { claims: two }) });
  await printed(5);
  push(volumeSnapshots, { type: 'listed', items: [data, logs] });
  await printed(6);
  interrupt.abort();
  assert.equal(await ended, 130);
  const row = (session: string, time: string, age: string, claims: string, size: string, phase: string) =>
    ['deployment/foo', session, time, age, claims, size, phase, '<unknown>', 'until deleted'].join('   ');
  assert.deepEqual(
    lines().map((line) => line.replace(/ {3,}/g, '   ')),
    [
      'WORKLOAD   SESSION   TIME   AGE   CLAIMS   SIZE   PHASE   MADE BY   KEPT',
      row('s-1', '2024-11-24T06:00:00Z', '100s', '1/2', '1Gi', 'Running'),
      row('s-0', '2024-11-24T05:59:00Z', '2m40s', '1/1', '1Gi', 'Succeeded'),
      row('s-1', '2024-11-24T06:00:00Z', '100s', '2/2', '2Gi', 'Running'),
      row('s-1', '2024-11-24T06:00:00Z', '100s', '2/2', '2Gi', 'Succeeded'),
      row('s-0', '2024-11-24T05:59:00Z', '2m40s', '0/1', '<unknown>', 'Incomplete'),
    ].map((line) => line.replace(/ {3,}/g, '   ')),
  );
});

test('list -w ends at its timeout, with --limit for the list only, and other formats print each point', async () => {
  const { push, ended, printed, lines, clock } = start('-o name --limit 1 --timeout 1m', {
    backupsessions: 'forbidden',
  });
  push(volumeSnapshots, { type: 'listed', items: [data, snapshotOf('s-0', 'www', { created: at(-60) })] });
  await printed(1);
  push(volumeSnapshots, { type: 'changed', object: snapshotOf('s-0', 'x', { created: at(-60) }) });
  await printed(3);
  await clock.advance(60_000);
  assert.equal(await ended, 0);
  assert.deepEqual(
    lines().map((line) => line.split('/')[1]),
    ['data-1', 'www-0', 'x-0'],
  );
});

test('list -w tells after 5 s of an outage that its list is not up to date, once for each outage', async () => {
  const { push, ended, printed, interrupt, context, clock } = start('-o name');
  const outage = 'unreachable server https://a: connection refused';
  const words = `warning: this list is not up to date; trying again: ${outage}\n`;
  push(backupSessions, { type: 'lost', why: outage });
  push(volumeSnapshots, { type: 'lost', why: outage });
  await setImmediate();
  await clock.advance(4_000);
  assert.equal(context.stderr(), '');
  await clock.advance(1_000);
  assert.equal(context.stderr(), words);
  await clock.advance(3_600_000);
  push(backupSessions, { type: 'listed', items: [] });
  push(volumeSnapshots, { type: 'listed', items: [data] });
  await printed(1);
  push(volumeSnapshots, { type: 'lost', why: outage });
  await setImmediate();
  await clock.advance(4_000);
  push(volumeSnapshots, { type: 'listed', items: [data, logs] });
  await printed(2);
  await clock.advance(60_000);
  assert.equal(context.stderr(), words, 'a short outage');
  push(volumeSnapshots, { type: 'lost', why: outage });
  await setImmediate();
  await clock.advance(5_000);
  assert.equal(context.stderr(), words + words);
  interrupt.abort();
  assert.equal(await ended, 130);
});

test('list -w ends once nothing reads what it prints', async () => {
  const { push, ended, printed, context } = start('-o name');
  push(backupSessions, { type: 'listed', items: [] });
  push(volumeSnapshots, { type: 'listed', items: [data] });
  await printed(1);
  context.out.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  assert.equal(await ended, 0);
});

test('list -w ends where snapshots may not be watched', async () => {
  const { ended, context } = start('', { volumesnapshots: 'forbidden' });
  assert.equal(await ended, 1);
  assert.equal(context.stderr(), 'error: volumesnapshots: forbidden\n');
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { createCaches } from '#src/operator/caches.ts';
import { createMetrics, type Scraped } from '#src/operator/metrics.ts';

let version = 0;
function object(name: string, rest: object = {}): Stored<never> {
  const metadata = {
    name,
    namespace: 'demo',
    uid: name,
    resourceVersion: String(++version),
    creationTimestamp: '2026-03-14T03:00:00Z',
  };
  return { apiVersion: '', kind: '', metadata, ...rest } as Stored<KubernetesObject> as Stored<never>;
}

function stage() {
  const { caches } = createCaches();
  let scraped: Scraped | undefined = { caches, depths: new Map([['backupsession', () => 3]]) };
  const metrics = createMetrics(() => scraped);
  return {
    caches,
    metrics,
    resign: () => (scraped = undefined),
    /** The lines of our metrics, without those that are always present. */
    ours: async () => {
      const text = await metrics.text();
      return text.split('\n').filter((line) => /^stash_(?!leader|queue|.*_bucket)/.test(line));
    },
    all: () => metrics.text(),
  };
}

const session = (name: string, phase?: string, more: object = {}) =>
  object(name, {
    spec: { invoker: { kind: 'BackupConfiguration', name: 'db' } },
    ...(phase && { status: { phase, ...more } }),
  });

test('sessions are counted as they are now', async () => {
  const { caches, ours, all } = stage();
  caches.backupSessions.learn(session('a', 'Running'));
  caches.backupSessions.learn(session('b'));
  caches.restoreSessions.learn(session('c', 'Failed'));
  const first = [
    'stash_sessions{kind="backup",phase="Running",namespace="demo"} 1',
    'stash_sessions{kind="backup",phase="Pending",namespace="demo"} 1',
    'stash_sessions{kind="restore",phase="Failed",namespace="demo"} 1',
  ];
  assert.deepEqual(await ours(), first);
  caches.backupSessions.learn(session('a', 'Failed'));
  assert.deepEqual(await ours(), [
    'stash_sessions{kind="backup",phase="Failed",namespace="demo"} 1',
    ...first.slice(1),
  ]);
  assert.match(await all(), /^stash_queue_depth\{queue="backupsession"\} 3$/m);
});

test('ended sessions, durations and errors add up', async () => {
  const { metrics, ours } = stage();
  metrics.sessionEnded('backup', 'Succeeded', 12);
  metrics.sessionEnded('backup', 'Succeeded', 30);
  metrics.reconcileFailed('backupsession');
  assert.deepEqual(await ours(), [
    'stash_sessions_total{kind="backup",phase="Succeeded"} 2',
    'stash_session_duration_seconds_sum{kind="backup",phase="Succeeded"} 42',
    'stash_session_duration_seconds_count{kind="backup",phase="Succeeded"} 2',
    'stash_reconcile_errors_total{queue="backupsession"} 1',
  ]);
});

const at = { namespace: 'demo', name: 'db' };
const last = 'stash_backup_last_success_timestamp_seconds{namespace="demo",backupconfiguration="db"}';
const began = Date.parse('2026-03-14T03:00:00Z') / 1000;

test('the last success is the latest of the existing and reported sessions, as long as the configuration exists', async () => {
  const { caches, metrics, ours, resign } = stage();
  const lasts = async () => (await ours()).filter((line) => line.includes('last_success'));
  metrics.backupSucceeded(at, new Date((began + 5) * 1000));
  assert.deepEqual(await lasts(), []);
  caches.configurations.learn(object('db', { spec: { driver: 'VolumeSnapshotter' } }));
  assert.deepEqual(await lasts(), [`${last} ${began + 5}`]);
  caches.backupSessions.learn(session('a', 'Succeeded', { sessionDuration: '1m30s' }));
  caches.backupSessions.learn(session('b', 'Failed', { sessionDuration: '5m' }));
  assert.deepEqual(await lasts(), [`${last} ${began + 90}`]);
  metrics.backupSucceeded(at, new Date((began + 200) * 1000));
  metrics.backupSucceeded(at, new Date((began + 100) * 1000));
  assert.deepEqual(await lasts(), [`${last} ${began + 200}`]);
  metrics.forget(at);
  assert.deepEqual(await lasts(), [`${last} ${began + 90}`]);
  resign();
  assert.deepEqual(await lasts(), []);
});

test('a standby reports only that it does not lead, and two operators in one process are separate', async () => {
  const one = stage();
  const other = stage();
  one.caches.backupSessions.learn(session('a', 'Running'));
  assert.match(await one.all(), /^stash_leader 1$/m);
  assert.deepEqual(await other.ours(), []);
  one.resign();
  assert.match(await one.all(), /^stash_leader 0$/m);
  assert.deepEqual(await one.ours(), []);
});

test('docs/metrics.md lists each metric with its labels', async () => {
  const text = await stage().all();
  const named = [...text.matchAll(/^# TYPE (stash_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const documented = await readFile('docs/metrics.md', 'utf8');
  const rows = [...documented.matchAll(/^\| `(stash_\w+)` +\| (\w+) /gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  assert.deepEqual(rows.sort(), named.sort());
});

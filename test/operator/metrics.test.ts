import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { load } from 'js-yaml';

import { hookExecutionCondition } from '#src/api/conditions.ts';
import type { Condition, KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { annotation, label } from '#src/api/labels.ts';
import { StashError } from '#src/errors.ts';
import type { ListResult } from '#src/cluster/port.ts';
import { createCaches } from '#src/operator/caches.ts';
import { definitions } from '#src/operator/metric-definitions.ts';
import { createMetrics, type Scraped } from '#src/operator/metrics.ts';
import { createSuccessReader } from '#src/operator/success-reader.ts';
import { inPlaceSession, type InPlaceChanges } from '#test/domain/in-place/in-place-session.ts';
import { stored } from '#test/domain/objects.ts';
import { snapshotOf } from '#test/domain/restore-point-objects.ts';
import { manualClock } from '#test/support/clock.ts';

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

const start = new Date('2026-03-14T03:30:00Z');

function stage(snapshots: readonly Stored<VolumeSnapshot>[] = []) {
  const { caches } = createCaches({ coverageMetrics: true });
  const clock = manualClock(start);
  let list: () => Promise<{ items: readonly Stored<VolumeSnapshot>[] }> = () =>
    Promise.resolve({ items: snapshots });
  const warnings: string[] = [];
  const successes = createSuccessReader({
    cluster: {
      async *pages() {
        yield { ...((await list()) as ListResult<never>), isFirst: true };
      },
    },
    hasClaim: (namespace, name) => caches.targets.PersistentVolumeClaim.get(namespace, name) !== undefined,
    clock,
    log: { warn: (message) => void warnings.push(message) },
    sessions: () => caches.backupSessions.list(),
  });
  let scraped: Scraped | undefined = {
    ...{ caches, successes, now: () => clock.now() },
    depths: new Map([['backupsession', () => 3]]),
  };
  const metrics = createMetrics(() => scraped, { coverageMetrics: true });
  return {
    ...{ caches, clock, metrics, warnings },
    serve: (next: typeof list) => (list = next),
    resign: () => (scraped = undefined),
    /** The lines of our metrics, without those that are always present and those that count nothing yet. */
    ours: async () => {
      const text = await metrics.text();
      return text
        .split('\n')
        .filter((line) => /^stash_(?!leader|queue|restore_points|.*_bucket)/.test(line))
        .filter((line) => !/^stash_(sessions_total|session_duration|reconcile_errors).* 0$/.test(line));
    },
    /** The value of each metric of the configuration, by its name without the common beginning. */
    backups: async (configuration = 'db'): Promise<Record<string, number>> => {
      const lines = (await metrics.text()).split('\n');
      return Object.fromEntries(
        lines.flatMap((line) => {
          const [, name, value] =
            /^stash_backup_(\w+)\{namespace="demo",backupconfiguration="([^"]*)".*\} /.exec(line) ?? [];
          if (name === undefined || value !== configuration) return [];
          return [[name, Number(line.split('} ')[1])]];
        }),
      );
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

test('an unfinished restore in place counts while the operator reports that it is interrupted', async () => {
  const { caches, ours } = stage();
  const learn = (changes: InPlaceChanges) => {
    version += 1;
    const session: RestoreSession = inPlaceSession(changes);
    const metadata = { ...session.metadata, resourceVersion: String(version) };
    caches.restoreSessions.learn(stored({ ...session, metadata }));
  };
  const interrupted = async () => (await ours()).filter((line) => line.startsWith('stash_restore_in_place'));
  learn({ record: { stopping: true } });
  assert.deepEqual(await interrupted(), []);
  learn({ record: { stopping: true }, conditions: ['swapInterrupted'] });
  assert.deepEqual(await interrupted(), [
    'stash_restore_in_place_interrupted{namespace="demo",restoresession="restore-sts-db"} 1',
  ]);
  learn({ record: { stopping: true }, conditions: ['swapInterrupted', 'swapResumed'] });
  assert.deepEqual(await interrupted(), []);
  learn({ record: { stopping: true }, conditions: ['swapInterrupted', 'restoreCompleted'] });
  assert.deepEqual(await interrupted(), []);
});

const seconds = (iso: string) => Date.parse(iso) / 1000;

function configuration(name: string, spec: object = {}) {
  return object(name, {
    spec: { driver: 'VolumeSnapshotter', schedule: '0 * * * *', paused: false, ...spec },
  });
}

/** A snapshot of configuration `db`. */
function taken(when: string, options: { claims?: string[]; invoker?: string; ready?: boolean } = {}) {
  const { claims = ['data'], invoker = 'db', ready = true } = options;
  const snapshot = snapshotOf(`s-${seconds(when)}`, 'data', {
    ...{ claims, created: when, status: { readyToUse: ready } },
  });
  return {
    ...snapshot,
    metadata: { ...snapshot.metadata, labels: { ...snapshot.metadata.labels, [label.invokerName]: invoker } },
  };
}

test('the last success is that of the newest complete restore point, also right after a restart', async () => {
  const { caches, backups, metrics, clock, serve } = stage([
    taken('2026-03-14T01:00:00Z'),
    taken('2026-03-14T02:00:00Z'),
    taken('2026-03-14T03:00:00Z', { claims: ['data', 'gone'] }),
    taken('2026-03-14T03:10:00Z', { ready: false }),
    taken('2026-03-14T03:20:00Z', { invoker: 'other' }),
  ]);
  assert.deepEqual(await backups(), {});
  caches.configurations.learn(configuration('db'));
  const last = async () => (await backups())['last_success_timestamp_seconds'];
  assert.equal(await last(), seconds('2026-03-14T02:00:00Z'));
  caches.backupSessions.learn(session('a', 'Succeeded', { sessionDuration: '1m30s' }));
  assert.equal(await last(), seconds('2026-03-14T02:00:00Z'), 'a session without snapshots does not count');
  metrics.backupSucceeded({ namespace: 'demo', name: 'db' }, new Date('2026-03-14T03:00:00Z'));
  assert.equal(await last(), seconds('2026-03-14T03:00:00Z'), 'until the next read');
  serve(() => Promise.resolve({ items: [taken('2026-03-14T01:00:00Z')] }));
  await clock.advance(6 * 60_000);
  assert.equal(await last(), seconds('2026-03-14T01:00:00Z'), 'its snapshots were deleted');
});

const claimObject = (name: string, annotations: Record<string, string>) => {
  const { metadata, ...rest } = object(name) as Stored<KubernetesObject>;
  return { ...rest, metadata: { ...metadata, annotations } };
};

test('claims with a volume and without a complete restore point are counted, but for ignored ones', async () => {
  const { caches, all, serve } = stage([
    snapshotOf('s-1', 'data', { claims: ['data'] }),
    snapshotOf('s-2', 'half', { claims: ['half', 'gone'] }),
  ]);
  const uncovered = async () => /^stash_claims_uncovered\{namespace="demo"\} (.*)$/m.exec(await all())?.[1];
  const bound = { [annotation.bindCompleted]: 'yes' };
  for (const name of ['data', 'half', 'none'])
    caches.targets.PersistentVolumeClaim.learn(claimObject(name, bound));
  caches.targets.PersistentVolumeClaim.learn(claimObject('pending', {}));
  caches.targets.PersistentVolumeClaim.learn(
    claimObject('ignored', { ...bound, [annotation.coverage]: 'ignore' }),
  );
  serve(() => Promise.reject(new StashError('server', 'no answer')));
  assert.equal(await uncovered(), undefined, 'not known yet');
  serve(() => Promise.resolve({ items: [snapshotOf('s-1', 'data', { claims: ['data'] })] }));
  assert.equal(await uncovered(), '2');
});

test('a namespace whose claims are all covered counts 0, and without the option there is no such metric', async () => {
  const { caches, all } = stage([snapshotOf('s-1', 'data')]);
  caches.targets.PersistentVolumeClaim.learn(claimObject('data', { [annotation.bindCompleted]: 'yes' }));
  assert.match(await all(), /^stash_claims_uncovered\{namespace="demo"\} 0$/m);
  assert.doesNotMatch(await createMetrics(() => undefined).text(), /stash_claims/);
});

test('a configuration that has only failed since the start is overdue', async () => {
  const { caches, backups, clock } = stage();
  caches.configurations.learn(configuration('db'));
  assert.deepEqual(await backups(), {
    configuration_info: 1,
    next_due_timestamp_seconds: seconds('2026-03-14T04:00:00Z'),
    overdue_seconds: 0,
    period_seconds: 3600,
  });
  caches.backupSessions.learn(session('a', 'Failed'));
  await clock.advance(2 * 3600_000);
  const late = await backups();
  assert.deepEqual([late['overdue_seconds'], late['period_seconds']], [5400, 3600]);
});

test('weekly schedules, paused configurations and placeholders are not overdue', async () => {
  const { caches, backups, all } = stage([taken('2026-03-08T00:00:00Z')]);
  caches.configurations.learn(configuration('db', { schedule: '@weekly' }));
  const weekly = await backups();
  assert.deepEqual([weekly['overdue_seconds'], weekly['period_seconds']], [0, 7 * 86_400]);
  caches.configurations.learn(configuration('db', { paused: true, schedule: '0 0 1 1 *' }));
  assert.deepEqual(Object.keys(await backups()), ['configuration_info', 'last_success_timestamp_seconds']);
  assert.match(
    await all(),
    /^stash_backup_configuration_info\{namespace="demo",backupconfiguration="db",paused="true",schedule="0 0 1 1 \*"\} 1$/m,
  );
  caches.configurations.learn(configuration('odd', { schedule: '0 0 30 2 *' }));
  assert.deepEqual(await backups('odd'), { configuration_info: 1 });
});

test('while the snapshots cannot be read, what is known stays, and a metric says how old it is', async () => {
  const { caches, backups, all, clock, serve, warnings } = stage([taken('2026-03-14T02:00:00Z')]);
  caches.configurations.learn(configuration('db'));
  serve(() => Promise.reject(new StashError('server', 'no')));
  assert.deepEqual(Object.keys(await backups()), ['configuration_info'], 'nothing is overdue yet');
  assert.doesNotMatch(await all(), /^stash_restore_points_read_timestamp_seconds /m);
  assert.ok(warnings.length > 0);
  serve(() => Promise.resolve({ items: [taken('2026-03-14T02:00:00Z')] }));
  const before = await backups();
  assert.equal(before['last_success_timestamp_seconds'], seconds('2026-03-14T02:00:00Z'));
  serve(() => Promise.reject(new StashError('server', 'no')));
  await clock.advance(600_000);
  assert.equal((await backups())['last_success_timestamp_seconds'], seconds('2026-03-14T02:00:00Z'));
  assert.ok(
    (await all()).includes(`stash_restore_points_read_timestamp_seconds ${start.getTime() / 1000}\n`),
  );
});

test('a scrape does not wait for an API server that does not answer', async () => {
  const { caches, metrics, clock, serve } = stage();
  caches.configurations.learn(configuration('db'));
  serve(() => new Promise(() => undefined));
  const text = metrics.text();
  await setImmediate();
  await clock.advance(5_000);
  assert.match(await text, /^stash_backup_configuration_info/m);
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

test('the alerts use metrics that exist', async () => {
  const { groups } = load(await readFile('charts/kubectl-stash/alerts.yaml', 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const text = await stage().all();
  const existing = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
  const rules = groups.flatMap(({ rules }) => rules);
  assert.ok(rules.length > 0);
  for (const { alert, expr } of rules) {
    for (const [name] of expr.matchAll(/stash_\w+/g)) assert.ok(existing.includes(name), `${alert}: ${name}`);
  }
});

test('a scrape has every metric that is defined, and no other', async () => {
  const text = await stage().all();
  const served = [...text.matchAll(/^# HELP (stash_\w+) (.*)\n# TYPE \1 (\w+)$/gm)];
  assert.deepEqual(
    served.map(([, name, help, type]) => ({ name, help, type })).sort(byName),
    Object.values(definitions)
      .map(({ name, help, type }) => ({ name, help, type }))
      .sort(byName),
  );
});

test('what has not happened yet counts 0, so that Prometheus sees its first increase', async () => {
  const text = await stage().all();
  assert.match(text, /^stash_sessions_total\{kind="backup",phase="Failed"\} 0$/m);
  assert.match(text, /^stash_session_duration_seconds_bucket\{le="5",kind="backup",phase="Succeeded"\} 0$/m);
  assert.match(text, /^stash_reconcile_errors_total\{queue="backupsession"\} 0$/m);
});

const byName = (one: { name?: string | undefined }, other: { name?: string | undefined }) =>
  (one.name ?? '') < (other.name ?? '') ? -1 : 1;

test('a configuration is failing while its last session has failed, unless it is paused', async () => {
  const { caches, backups } = stage();
  const ended = (name: string, minute: number, phase: string) => {
    const { metadata, ...rest } = session(name, phase) as Stored<KubernetesObject>;
    const creationTimestamp = `2026-03-14T03:${String(minute).padStart(2, '0')}:00Z`;
    caches.backupSessions.learn({ ...rest, metadata: { ...metadata, creationTimestamp } } as Stored<never>);
  };
  const failing = async () => (await backups())['last_failed'];
  caches.configurations.learn(configuration('db'));
  assert.equal(await failing(), undefined);
  ended('a', 1, 'Succeeded');
  assert.equal(await failing(), 0);
  ended('b', 2, 'Failed');
  assert.equal(await failing(), 1);
  caches.configurations.learn(configuration('db', { paused: true }));
  assert.equal(await failing(), undefined);
  caches.configurations.learn(configuration('db'));
  ended('c', 3, 'Succeeded');
  assert.equal(await failing(), 0);
});

test('an application counts as quiesced until a session records that it was resumed', async () => {
  const { caches, all, clock, backups } = stage();
  const learn = (conditions: readonly Condition[]) => {
    const quiet = session('a', 'Running', { targets: [{ conditions }] }) as Stored<KubernetesObject>;
    const annotations = {
      [annotation.quiescedSince]: '2026-03-14T03:29:00Z',
      [annotation.quiescedUntil]: '2026-03-14T03:30:00Z',
    };
    caches.backupSessions.learn({
      ...quiet,
      metadata: { ...quiet.metadata, annotations },
    } as Stored<never>);
  };
  const quiet = async () =>
    (await all())
      .split('\n')
      .filter((line) => line.startsWith('stash_quiesced'))
      .sort();
  caches.configurations.learn(configuration('db'));
  learn([]);
  await clock.advance(30_000);
  const series = '{namespace="demo",backupsession="a"}';
  assert.deepEqual(await quiet(), [
    `stash_quiesced_limit_seconds${series} 60`,
    `stash_quiesced_seconds${series} 90`,
  ]);
  assert.equal((await backups())['quiesced_duration_seconds'], undefined);
  const lastTransitionTime = '2026-03-14T03:29:45Z';
  learn([{ ...hookExecutionCondition('postBackup', true), lastTransitionTime }]);
  assert.deepEqual(await quiet(), []);
  assert.equal((await backups())['quiesced_duration_seconds'], 45);
});

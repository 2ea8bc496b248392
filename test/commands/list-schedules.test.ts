import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { run } from '#src/cli/run.ts';
import type { ListResult, Scope } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';

import { at, snapshotOf } from '#test/domain/restore-point-objects.ts';
import { manualClock } from '#test/support/clock.ts';
import { testContext } from '#test/support/context.ts';
import { matchGolden } from '#test/support/golden.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const day = 86_400;

function configuration(name: string, spec: Partial<BackupConfiguration['spec']>, created = at(-10 * day)) {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata: { name, namespace: 'demo', uid: name, resourceVersion: '1', creationTimestamp: created },
    spec: {
      driver: 'VolumeSnapshotter',
      schedule: '0 3 * * *',
      target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'foo' } },
      retentionPolicy: { name: 'keep-last-5', prune: true, keepLast: 5 },
      ...spec,
    },
  };
}

/** Now is 2024-11-24T06:00:00Z; snapshots are of the configuration `deploy-foo`. */
const objects: KubernetesObject[] = [
  configuration('deploy-foo', {}),
  configuration('weekly', { schedule: '0 3 * * 0' }, at(-3 * day)),
  configuration('never', { schedule: '@daily' }),
  configuration('paused', { paused: true }),
  configuration('on-demand', { paused: true, schedule: '0 0 1 1 *' }),
  configuration('restic', { driver: 'Restic' }),
  snapshotOf('deploy-foo-1', 'data', { created: at(-3 * 3600) }),
  snapshotOf('deploy-foo-2', 'data', { created: at(-3600), status: { readyToUse: false } }),
];

async function list(words: string, now = at(0)) {
  const cluster = stubCluster({
    list: <T extends KubernetesObject>({ kind }: Resource<T>, { namespace }: Scope = {}) =>
      Promise.resolve({
        items: objects.filter(
          (each) => each.kind === kind && (namespace ?? 'demo') === each.metadata.namespace,
        ) as Stored<T>[],
        resourceVersion: '1',
      } satisfies ListResult<T>),
    get: <T extends KubernetesObject>() => Promise.resolve({} as Stored<T>),
  });
  const context = testContext({ cluster, clock: manualClock(now) });
  const code = await run(['list', ...words.split(' ')], context, commands);
  return { code, out: context.stdout(), err: context.stderr() };
}

const rows = [
  { name: 'all', words: 'schedules' },
  { name: 'wide', words: 'schedules -A -o wide --utc' },
  { name: 'names', words: 'schedules -o name' },
  { name: 'yaml', words: 'schedules -o yaml' },
  { name: 'none', words: 'schedules -n empty' },
  { name: 'no-headers', words: 'schedules --no-headers' },
];
for (const { name, words } of rows) {
  test(`list ${words}`, async () => {
    const { code, out, err } = await list(words);
    matchGolden(`commands/list-schedules/${name}`, `${out}--- stderr\n${err}`);
    assert.equal(code, 0);
  });
}

const overdue: [now: string, names: string][] = [
  [at(0), 'never'],
  [at(2 * day), 'deploy-foo never'],
  [at(8 * day), 'deploy-foo weekly never'],
];
for (const [now, names] of overdue) {
  test(`overdue at ${now}: ${names}`, async () => {
    const { out } = await list('schedules -o jsonpath={.items[?(@.overdue==true)].metadata.name}', now);
    assert.equal(out, names);
  });
}

test('list of another word says what there is', async () => {
  const { code, err } = await list('schedule');
  assert.equal(code, 2);
  assert.match(err, /kubectl stash list schedules\n$/ms);
});

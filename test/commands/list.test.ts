import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { run } from '#src/cli/run.ts';
import type { Cluster, ListResult, Scope } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import { StashError, type ErrorKind } from '#src/errors.ts';

import { at, backupSession, foo, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';
import { manualClock } from '#test/support/clock.ts';
import { testContext, type TestContextOptions } from '#test/support/context.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const two = ['data', 'logs'];
const kept = (snapshot: ReturnType<typeof snapshotOf>) => ({
  ...snapshot,
  metadata: { ...snapshot.metadata, labels: { ...snapshot.metadata.labels, keep: 'yes' } },
});
const objects: Stored<KubernetesObject>[] = [
  snapshotOf('deploy-foo-1', 'data', { claims: two, created: at(0) }),
  kept(snapshotOf('deploy-foo-1', 'logs', { claims: two, created: at(0) })),
  snapshotOf('deploy-bar-2', 'www', {
    target: { ...foo, name: 'bar' },
    created: at(60),
    source: { storage: '2Gi', labels: { app: 'as-it-was' } },
  }),
  snapshotOf('sts-db-3', 'db', {
    target: { kind: 'StatefulSet', name: 'db', namespace: 'prod' },
    created: at(30),
    source: { storage: '1Gi', labels: { app: 'db' } },
  }),
  foreignSnapshot('data', { name: 'by-hand', created: at(90) }),
  backupSession('deploy-bar-2', 'Failed', { created: at(60) }),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'bar',
      namespace: 'demo',
      labels: { app: 'bar', tier: 'web' },
      uid: 'uid-bar',
      resourceVersion: '1',
      creationTimestamp: at(0),
    },
  },
  ...['demo', 'empty'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: at(0) },
  })),
];

/** A read-only cluster with `objects`. Requests for the plurals in `failing` fail. */
function readOnly(failing: Readonly<Record<string, ErrorKind>> = {}): Cluster {
  const allowed = ({ plural }: Resource): Promise<void> => {
    const kind = failing[plural];
    if (kind === undefined) return Promise.resolve();
    return Promise.reject(new StashError(kind, `${plural}: ${kind}`, { hint: 'ask' }));
  };
  return stubCluster({
    async list<T extends KubernetesObject>(resource: Resource<T>, scope: Scope = {}): Promise<ListResult<T>> {
      await allowed(resource);
      const items = objects.filter(
        ({ kind, metadata }) =>
          kind === resource.kind &&
          (scope.namespace === undefined || metadata.namespace === scope.namespace) &&
          (scope.labelSelector === undefined ||
            `keep=${metadata.labels?.['keep'] ?? ''}` === scope.labelSelector),
      );
      return { items: items as Stored<T>[], resourceVersion: '1' };
    },
    async get<T extends KubernetesObject>(resource: Resource<T>, name: string): Promise<Stored<T>> {
      await allowed(resource);
      const found = objects.find(({ kind, metadata }) => kind === resource.kind && metadata.name === name);
      if (!found) throw new StashError('not-found', `namespace "${name}" not found`);
      return found as Stored<T>;
    },
  });
}

async function list(
  words: string,
  failing?: Readonly<Record<string, ErrorKind>>,
  screen: Pick<TestContextOptions, 'outIsTTY' | 'env'> = {},
) {
  const context = testContext({ cluster: readOnly(failing), clock: manualClock(at(100)), ...screen });
  const code = await run(['list', ...words.split(' ').filter((word) => word !== '')], context, commands);
  const column = (index: number) =>
    context
      .stdout()
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(/ {2,}/)[index]);
  return { code, out: context.stdout(), err: context.stderr(), column };
}

const selections: { words: string; sessions: string[] }[] = [
  { words: '', sessions: ['by-hand', 'deploy-bar-2', 'deploy-foo-1'] },
  { words: 'deploy/foo', sessions: ['deploy-foo-1'] },
  { words: 'deployment foo', sessions: ['deploy-foo-1'] },
  { words: 'deploy', sessions: ['deploy-bar-2', 'deploy-foo-1'] },
  { words: 'pvc/data', sessions: ['by-hand'] },
  { words: '-n prod', sessions: ['sts-db-3'] },
  { words: '-l keep=yes', sessions: ['deploy-foo-1'] },
  { words: '-l app=bar', sessions: ['deploy-bar-2'] },
  { words: '-l app=as-it-was', sessions: [] },
  { words: '-l app=db -n prod', sessions: ['sts-db-3'] },
  { words: '-l tier!=web', sessions: ['by-hand', 'deploy-foo-1'] },
  { words: '-l !app.kubernetes.io/managed-by,tier=web', sessions: ['deploy-bar-2'] },
  { words: '--since 55s', sessions: ['by-hand', 'deploy-bar-2'] },
  { words: '--limit 1', sessions: ['by-hand'] },
  { words: '--sort-by time', sessions: ['deploy-foo-1', 'deploy-bar-2', 'by-hand'] },
  { words: '--sort-by session --limit 2', sessions: ['by-hand', 'deploy-bar-2'] },
  { words: '--sort-by {.claims[0].name}', sessions: ['by-hand', 'deploy-foo-1', 'deploy-bar-2'] },
];

for (const { words, sessions } of selections) {
  test(`list ${words} shows ${sessions.join(', ')}`, async () => {
    const { code, column, err } = await list(words);
    const none = sessions.length === 0 ? 'No restore points found in demo namespace.\n' : '';
    assert.deepEqual({ code, sessions: column(1), err }, { code: 0, sessions, err: none });
  });
}

test('list on a terminal colours the phases, and nothing else', async () => {
  const { out } = await list('');
  const coloured = await list('', {}, { outIsTTY: true });
  assert.notEqual(coloured.out, out);
  assert.equal(coloured.out.replaceAll(/\u001b\[3[129]m/g, ''), out);
  assert.match(coloured.out, /\u001b\[32mSucceeded *\u001b\[39m/);
  assert.equal((await list('', {}, { outIsTTY: true, env: { NO_COLOR: '1' } })).out, out);
  for (const output of ['name', 'json', 'custom-columns=PHASE:.phase'])
    assert.doesNotMatch((await list(`-o ${output}`, {}, { outIsTTY: true })).out, /\u001b/);
});

test('list -A shows namespaces', async () => {
  assert.deepEqual((await list('-A')).column(0), ['demo', 'demo', 'prod', 'demo']);
});

test('a restore point is listed with all its snapshots if -l selects one of them', async () => {
  assert.deepEqual((await list('-l keep=yes')).column(4), ['2/2']);
});

test('without Stash or the right to read sessions, list shows the facts that snapshots hold', async () => {
  for (const kind of ['forbidden', 'precondition'] as const) {
    const { code, column } = await list('', { backupsessions: kind });
    assert.deepEqual({ code, phases: column(6) }, { code: 0, phases: ['Unknown', 'Succeeded', 'Succeeded'] });
  }
  assert.deepEqual((await list('')).column(6), ['Unknown', 'Failed', 'Succeeded']);
});

test('a user who may not read classes sees their names', async () => {
  const { code, column } = await list('-o wide', { volumesnapshotclasses: 'forbidden' });
  assert.deepEqual([code, column(9), column(10)], [0, ['csi', 'csi', 'csi'], Array(3).fill('<unknown>')]);
});

const ends: {
  words: string;
  failing?: Readonly<Record<string, ErrorKind>>;
  code: number;
  out?: string;
  err: string;
}[] = [
  { words: '-n empty', code: 0, err: 'No restore points found in empty namespace.\n' },
  { words: '-n empty -o name', code: 0, err: 'No restore points found in empty namespace.\n' },
  { words: 'sts/foo -A', code: 0, err: 'No restore points of statefulset/foo found in any namespace.\n' },
  { words: '-n nowhere', code: 3, err: 'error: namespace "nowhere" not found\n' },
  {
    words: '-n nowhere',
    failing: { namespaces: 'forbidden' },
    code: 0,
    err: 'No restore points found in nowhere namespace.\n',
  },
  {
    words: '',
    failing: { volumesnapshots: 'forbidden' },
    code: 1,
    err: 'error: volumesnapshots: forbidden\nhint: ask\n',
  },
  {
    words: '-l app=bar',
    failing: { deployments: 'forbidden' },
    code: 0,
    err: 'warning: cannot list deployments: -l goes by the labels that their claims had\nNo restore points found in demo namespace.\n',
  },
  {
    words: '--since now',
    code: 2,
    err: 'error: --since takes a time, not "now"\nhint: write it as in --since 3h, --since 2d, --since yesterday, --since 2026-11-28\n',
  },
  {
    words: '-l a=b=c',
    code: 2,
    err: 'error: --selector: "a=b=c" is not a label selector\nhint: write it as for kubectl: app=web,tier!=cache, \'env in (prod,test)\'\n',
  },
  {
    words: '--calendar',
    code: 2,
    err: 'error: --calendar takes one TYPE/NAME\nhint: kubectl stash list TYPE/NAME --calendar\n',
  },
  {
    words: 'deploy/foo --calendar -o wide',
    code: 2,
    err: 'error: --calendar and --output do not go together\nhint: leave out one of them\n',
  },
  {
    words: 'deploy/nothing --calendar',
    code: 0,
    err: 'No restore points of deployment/nothing found in demo namespace.\n',
  },
  { words: '--timeout 1m', code: 2, err: 'error: --timeout requires -w\nhint: leave out --timeout\n' },
  {
    words: '--sort-by nope',
    code: 2,
    err: 'error: --sort-by: no item has the field nope\nhint: write a field that -o json prints, such as .metadata.name\n',
  },
  { words: 'deplyo/foo', code: 2, err: 'error: unknown type "deplyo"\nhint: did you mean deploy?\n' },
];

for (const { words, failing, code, out = '', err } of ends) {
  test(`list ${words}${failing ? ` where ${JSON.stringify(failing)}` : ''} ends with ${code}`, async () => {
    const result = await list(words, failing);
    assert.deepEqual({ code: result.code, out: result.out, err: result.err }, { code, out, err });
  });
}

test('list -o json of nothing is an empty list', async () => {
  const { out } = await list('-n empty -o json');
  assert.deepEqual(JSON.parse(out), {
    apiVersion: 'cli.stash.appscode.com/v1alpha1',
    kind: 'RestorePointList',
    items: [],
  });
});

test('list shows local time, with --utc UTC, and with --no-headers no headers', async () => {
  assert.equal((await list('deploy/foo')).column(2)[0], '2024-11-24T07:00:00');
  assert.equal((await list('deploy/foo --utc')).column(2)[0], '2024-11-24T06:00:00Z');
  assert.match((await list('deploy/foo --no-headers')).out, /^deployment\/foo .*\n$/);
});

test('list -o jsonpath and custom-columns', async () => {
  const template = '{range.items[*]}{.metadata.name},{.sizeBytes},{.claims[0].source.storageBytes};{end}';
  assert.equal(
    (await list(`-o jsonpath=${template} deploy`)).out,
    'deploy-bar-2,1073741824,2147483648;deploy-foo-1,2147483648,1073741824;',
  );
  assert.equal(
    (await list('-o custom-columns=S:.metadata.name deploy --no-headers')).out,
    'deploy-bar-2\ndeploy-foo-1\n',
  );
});

test('list --calendar shows the days of one workload', async () => {
  const { out, code } = await list('deploy/foo --calendar --utc');
  assert.equal(code, 0);
  assert.match(out, /^WEEK OF +MON +TUE +WED +THU +FRI +SAT +SUN\n/);
  assert.match(out, /^1 of \d+ days? ha(?:s|ve) a complete restore point$/m);
});

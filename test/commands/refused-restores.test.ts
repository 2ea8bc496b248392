import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { customResourceDefinitions, persistentVolumeClaims, volumeSnapshots } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, faultyClass, namespace, statefulSet } from './objects.ts';
import { rightsOfRestore, withoutRight } from './rights.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
let world: World;

/** Seconds after the start; session names contain the time. */
const at = { web: 0, failed: 1, never: 2, incomplete: 3, deleting: 4, db: 5, goneWeb: 6 } as const;
const session = (name: string, seconds: number) => `${name}-${1773457200 + seconds}`;

before(async () => {
  world = await startWorld();
  const names = ['web', 'failed', 'never', 'incomplete', 'deleting'];
  await world.create(
    namespace(demo),
    ...['error-always', 'never-ready'].map(faultyClass),
    ...names.flatMap((name) => [
      claim(demo, `${name}-data`),
      claim(demo, `${name}-logs`),
      deployment(demo, name, [`${name}-data`, `${name}-logs`], { replicas: 0 }),
    ]),
    statefulSet(demo, 'db', { replicas: 2 }),
  );
  await world.bound(
    demo,
    'data-db-0',
    'data-db-1',
    ...names.flatMap((name) => [`${name}-data`, `${name}-logs`]),
  );

  const snapshot = async (words: string, seconds: number, code: number, options: RunOptions = {}) => {
    world.standAt(seconds);
    const ran = await world.run(`snapshot ${words} ${local}`, options);
    assert.equal(ran.code, code, ran.err);
  };
  await snapshot('deploy/web', at.web, 0);
  await snapshot('deploy/failed --snapshot-class=error-always --fail-fast', at.failed, 4);
  const interrupt = new AbortController();
  const running = snapshot('deploy/never --snapshot-class=never-ready', at.never, 130, {
    signal: interrupt.signal,
  });
  await world.until(volumeSnapshots, demo, session('never-logs', at.never), (it) => it !== undefined);
  interrupt.abort();
  await running;
  await snapshot('deploy/incomplete', at.incomplete, 0);
  await world.cluster.delete(volumeSnapshots, {
    name: session('incomplete-logs', at.incomplete),
    namespace: demo,
  });
  await snapshot('deploy/deleting', at.deleting, 0);
  const deleted = { name: session('deleting-logs', at.deleting), namespace: demo };
  await world.cluster.patch(volumeSnapshots, deleted, { metadata: { finalizers: ['example.com/hold'] } });
  await world.cluster.delete(volumeSnapshots, deleted);
  await snapshot('sts/db', at.db, 0);
  world.standAt(100);
});

after(() => world[Symbol.asyncDispose]());

async function refuses(name: string, words: string, code: number, options: RunOptions = {}): Promise<void> {
  const before = await world.census();
  const { out, err, code: exit } = await world.run(words, options);
  assert.deepEqual([exit, out], [code, ''], err);
  await checkAdvice(err);
  matchGolden(`commands/restore/${name}`, withoutUids(err));
  assert.deepEqual(await world.census(), before);
}

/** The driver's messages contain the names of volumes. */
function withoutUids(text: string): string {
  return text.replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID');
}

const refused: { name: string; words: string; code: number }[] = [
  { name: 'no-target', words: 'restore', code: 2 },
  { name: 'unknown-type', words: 'restore deploi/web', code: 2 },
  { name: 'type-without-name', words: 'restore deploy', code: 2 },
  { name: 'two-targets', words: 'restore deploy/web deploy/failed', code: 2 },
  { name: 'bad-rename', words: 'restore deploy/web --claim=web-data', code: 2 },
  { name: 'renames-clash', words: 'restore deploy/web --claim=web-data=x --claim=web-logs=x', code: 2 },
  { name: 'renamed-twice', words: 'restore deploy/web --claim=web-data=x --claim=web-data=y', code: 2 },
  { name: 'renames-unknown', words: 'restore deploy/web --claim=web-dta=x', code: 3 },
  { name: 'impossible-suffix', words: 'restore deploy/web --suffix=_old', code: 2 },
  { name: 'only-unknown', words: 'restore deploy/web --only=web-lgs', code: 3 },
  { name: 'nothing-to-restore', words: 'restore deploy/wbe', code: 3 },
  { name: 'namespace-not-found', words: 'restore deploy/web -n prod', code: 3 },
  { name: 'unknown-session', words: 'restore deploy/web --from=deploy-web-1773457201', code: 3 },
  { name: 'session-of-another', words: `restore deploy/web --from=${session('sts-db', at.db)}`, code: 3 },
  {
    name: 'failed-session',
    words: `restore deploy/failed --from=${session('deploy-failed', at.failed)}`,
    code: 1,
  },
  { name: 'latest-of-failed', words: 'restore deploy/failed', code: 1 },
  {
    name: 'running-session',
    words: `restore deploy/never --from=${session('deploy-never', at.never)}`,
    code: 1,
  },
  { name: 'latest-of-running', words: 'restore deploy/never', code: 1 },
  {
    name: 'incomplete-session',
    words: `restore deploy/incomplete --from=${session('deploy-incomplete', at.incomplete)}`,
    code: 1,
  },
  { name: 'latest-of-incomplete', words: 'restore deploy/incomplete', code: 1 },
  {
    name: 'snapshot-being-deleted',
    words: `restore deploy/deleting --from=${session('deploy-deleting', at.deleting)}`,
    code: 1,
  },
  {
    name: 'only-being-deleted',
    words: `restore deploy/deleting --from=${session('deploy-deleting', at.deleting)} --only=deleting-logs`,
    code: 1,
  },
  { name: 'unknown-storage-class', words: 'restore deploy/web --suffix=-2 --storage-class=sandbx', code: 3 },
  { name: 'claims-exist', words: 'restore deploy/web', code: 1 },
  {
    name: 'renamed-claims-exist',
    words: 'restore deploy/web --only=web-data --claim=web-data=failed-data --storage-class=sandbox',
    code: 1,
  },
  {
    name: 'renamed-claim-of-another-exists',
    words: 'restore deploy/web --only=web-data --claim=web-data=incomplete-data --storage-class=sandbox',
    code: 1,
  },
  { name: 'claims-in-use', words: 'restore sts/db', code: 1 },
  { name: 'wait-false', words: 'restore deploy/web --suffix=-2 --wait=false', code: 1 },
  { name: 'empty-suffix', words: 'restore deploy/web --suffix=', code: 1 },
  { name: 'empty-only', words: 'restore deploy/web --suffix=-2 --only=', code: 2 },
  { name: 'empty-selector', words: 'restore -l= --suffix=-2', code: 2 },
  { name: 'no-time', words: 'restore deploy/web --suffix=-2 --timeout=0s', code: 2 },
  { name: 'file-with-target', words: 'restore deploy/web -f x.yaml --from=a --only=b', code: 2 },
  { name: 'file-missing', words: 'restore -f nowhere.yaml', code: 2 },
];

for (const { name, words, code } of refused) {
  test(`restore refuses: ${name}`, async () => {
    await refuses(name, `${words} ${local.repeat(Number(name !== 'wait-false'))}`.trim(), code);
  });
}

const template = (name: string, snapshot: string) => `
    - metadata: {name: ${name}}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 1Gi}}
        dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: ${snapshot}}`;

function file({
  kind = 'RestoreSession',
  spec = '',
  templates = template('new', session('web-data', at.web)),
} = {}): string {
  return `apiVersion: stash.appscode.com/v1beta1
kind: ${kind}
metadata: {name: back}
spec:
  driver: VolumeSnapshotter${spec}
  target:
    volumeClaimTemplates:${templates}
`;
}

const refusedFiles: { name: string; text: string; code: number }[] = [
  { name: 'not-yaml', text: 'apiVersion: [\nkind: x', code: 2 },
  { name: 'empty', text: '# nothing\n', code: 2 },
  { name: 'two-documents', text: `${file()}---\n${file()}`, code: 2 },
  { name: 'not-an-object', text: '- 1\n', code: 2 },
  { name: 'wrong-kind', text: file({ kind: 'BackupSession' }), code: 2 },
  { name: 'unknown-field', text: file().replace('volumeClaimTemplates', 'volumeClaimTemplate'), code: 2 },
  {
    name: 'wrong-type',
    text: file({ spec: '\n  target: {replicas: two}' }).replace(/ {2}target:\n[^]*/, ''),
    code: 2,
  },
  { name: 'no-name', text: file().replace('name: back', 'labels: {}'), code: 2 },
  { name: 'hooks', text: file({ spec: '\n  hooks: {preRestore: {exec: {command: []}}}' }), code: 2 },
  { name: 'no-driver', text: file().replace('driver: VolumeSnapshotter', ''), code: 2 },
  { name: 'another-variable', text: file({ templates: template('"new-${POD_NAME}"', 'x') }), code: 2 },
  { name: 'no-data-source', text: file().replace(/ *dataSource.*\n/, ''), code: 2 },
  { name: 'unknown-snapshot', text: file({ templates: template('new', 'web-data-1773457201') }), code: 3 },
  {
    name: 'snapshot-not-ready',
    text: file({ templates: template('new', session('never-data', at.never)) }),
    code: 1,
  },
  {
    name: 'snapshot-deleted',
    text: file({ templates: template('new', session('deleting-logs', at.deleting)) }),
    code: 1,
  },
  {
    name: 'snapshot-failed',
    text: file({ templates: template('new', session('failed-data', at.failed)) }),
    code: 1,
  },
  {
    name: 'claim-exists',
    text: file({ templates: template('web-data', session('web-data', at.web)) }),
    code: 1,
  },
  { name: 'another-namespace', text: file().replace('name: back', 'name: back, namespace: prod'), code: 2 },
];

for (const { name, text, code } of refusedFiles) {
  test(`restore refuses a file: ${name}`, async () => {
    await refuses(`file-${name}`, `restore -f back.yaml -n demo ${local}`, code, {
      files: { 'back.yaml': text },
    });
  });
}

test('restore refuses a user without rights, and names the rights and the user', async () => {
  const words = `restore deploy/web --suffix=-2 ${local}`;
  for (const { verb, group, resource } of rightsOfRestore) {
    const name = `lacks-${verb}-${resource.replace('/', '-')}`;
    await refuses(name, words, 1, { through: withoutRight(verb, group, resource) });
  }
  const effect = { kind: 'fail', code: 403, reason: 'Forbidden' } as const;
  world.sandbox.faults.inject({ verb: 'list', plural: 'volumesnapshots', effect });
  await refuses('may-not-list-volumesnapshots', words, 1);
  world.sandbox.faults.clear();
});

test('restore refuses to race the controller of a StatefulSet, and a claim that is being deleted', async () => {
  const leaving = { name: 'data-db-1', namespace: demo };
  await world.cluster.delete(persistentVolumeClaims, leaving);
  await refuses('claim-leaving', `restore sts/db --only=data-db-1 ${local}`, 1);
  const through = (cluster: Cluster): Cluster => ({
    ...cluster,
    list: async (resource, scope) =>
      resource.kind === 'PersistentVolumeClaim'
        ? { items: [], resourceVersion: '1' }
        : cluster.list(resource, scope),
  });
  await refuses('controller-race', `restore sts/db --only=data-db-1 ${local}`, 1, { through });
});

test('restore without the CRDs', async () => {
  await using bare = await startWorld({ stash: false });
  await bare.create(namespace(demo));
  const told = async (name: string) => {
    const { code, err } = await bare.run(`restore deploy/web ${local}`);
    assert.equal(code, 1);
    await checkAdvice(err);
    matchGolden(`commands/restore/${name}`, err);
  };
  await told('no-stash-crds');
  await bare.cluster.delete(customResourceDefinitions, { name: 'volumesnapshots.snapshot.storage.k8s.io' });
  await told('no-snapshot-crds');
});

/** Files out of a restore point: `cp`, `diff` and `browse`, beside a workload that goes on. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';

import { deployments, persistentVolumeClaims, pods, restoreSessions } from '#src/api/resources.ts';
import { annotation } from '#src/api/labels.ts';

import { deployment, quiet } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

/** The data at the time of the snapshot, and what has become of it since. */
const before = `cd /source/data && mkdir -p conf empty && printf old > conf/app && printf same > conf/same && printf gone > gone && ln -s conf/app link && printf aaaa > sly && touch -t 202401010000.00 conf/app conf/same gone sly`;
const since = `cd /source/data && printf newer > conf/app && rm gone && printf fresh > added && printf bbbb > sly && touch -t 202401010000.00 sly`;

async function setUp(
  t: TestContext,
  claims = ['data'],
): Promise<{ place: Place; pod: string; local: string }> {
  const place = await openPlace(t, server, { files: true });
  await place.claims(...claims);
  await place.create(deployments, quiet(deployment('demo', claims)));
  const [pod = ''] = await place.running('demo');
  await place.sh(pod, `rm -rf /source/data/* && ${before}`);
  await place.succeeds('snapshot deploy/demo --executor=local');
  await place.sh(pod, since);
  const local = await mkdtemp(join(tmpdir(), 'stash-local-'));
  t.after(() => rm(local, { recursive: true, force: true }));
  return { place, pod, local };
}

/** Nothing that a command made is left. */
async function leavesNothing(place: Place): Promise<void> {
  await place.until(restoreSessions, (all) => all.length === 0);
  await place.until(pods, (all) => all.every(({ metadata }) => metadata.labels?.['app'] === 'demo'));
  await place.until(persistentVolumeClaims, (all) =>
    all.every(({ metadata }) => metadata.annotations?.[annotation.restoreSessionUid] === undefined),
  );
}

await suite('files out of a restore point', { concurrency: 2 }, () => {
  test('cp: a file, a directory and the whole volume, here', async (t) => {
    const { place, local } = await setUp(t);
    const { stdout } = await place.succeeds(`cp deploy/demo:data:/conf/app ${local}/mine`);
    assert.match(
      stdout,
      /^1 file \(3 bytes\) of claim data in restore point deploy-demo-\d+ copied to .*\/mine\n$/,
    );
    assert.equal(await readFile(join(local, 'mine'), 'utf8'), 'old');
    assert.equal((await stat(join(local, 'mine'))).mtime.toISOString(), '2024-01-01T00:00:00.000Z');
    await place.succeeds(`cp deploy/demo@latest:/conf ${local}`);
    assert.deepEqual((await readdir(join(local, 'conf'))).sort(), ['app', 'same']);
    await place.succeeds(`cp deploy/demo:/ ${local}/all`);
    assert.deepEqual((await readdir(join(local, 'all'))).filter((name) => name !== 'lost+found').sort(), [
      'conf',
      'empty',
      'gone',
      'link',
      'sly',
    ]);
    assert.equal(await readlink(join(local, 'all/link')), 'conf/app');
    const missing = await place.stash(`cp deploy/demo:data:/none ${local}`);
    assert.equal(missing.code, 3, missing.stderr);
    assert.match(missing.stderr, /error: the volume has no \/none; nothing was copied/);
    await leavesNothing(place);
  });

  test('cp: into the running pod, as a file and as a directory', async (t) => {
    const { place, pod } = await setUp(t);
    await place.succeeds('cp deploy/demo:data:/conf/app deploy/demo:/source/data/conf/app');
    assert.equal(await place.sh(pod, 'cat /source/data/conf/app'), 'old');
    await place.succeeds(`cp deploy/demo:data:/conf pod/${pod}:/source/data/empty`);
    assert.equal(await place.sh(pod, 'cat /source/data/empty/conf/app'), 'old');
    await place.succeeds('cp deploy/demo:data:/conf deploy/demo:/source/data/restored');
    assert.equal(await place.sh(pod, 'ls /source/data/restored'), 'app\nsame');
    await place.succeeds('cp deploy/demo:data:/ deploy/demo:/source/data');
    assert.equal(await place.sh(pod, 'cat /source/data/gone'), 'gone');
    const outside = await place.stash('cp deploy/demo:data:/conf deploy/demo:/tmp');
    assert.match(outside.stderr, /no running pod of deployment\/demo has a claim at \/tmp/);
    await leavesNothing(place);
  });

  test('diff: added, removed, changed; the same size and time with --checksum only', async (t) => {
    const { place } = await setUp(t);
    const plain = await place.succeeds('diff deploy/demo');
    assert.deepEqual(plain.stdout.split('\n'), [
      'added    /added  5 bytes',
      'changed  /conf/app  3 bytes -> 5 bytes',
      'removed  /gone  4 bytes',
      '',
    ]);
    assert.match(plain.stderr, /^1 added, 1 removed, 1 changed$/m);
    const deep = await place.succeeds('diff deploy/demo --checksum');
    assert.match(deep.stdout, /^changed {2}\/sly {2}other contents of the same size$/m);
    const below = await place.succeeds('diff deploy/demo --path /conf -o json');
    assert.deepEqual(JSON.parse(below.stdout), {
      ...{ path: '/conf/app', change: 'changed', by: 'size' },
      restored: { kind: 'file', size: 3, modified: '2024-01-01T00:00:00.000Z' },
      live: {
        kind: 'file',
        size: 5,
        modified: (JSON.parse(below.stdout) as { live: { modified: string } }).live.modified,
      },
    });
    await leavesNothing(place);
  });

  test('browse: a script, its exit code, and a pod that no Service of the workload finds', async (t) => {
    const { place } = await setUp(t);
    const { stdout, code, stderr } = await place.stash('browse deploy/demo', {
      stdin: 'ls\ncd conf\npwd\ncat app\nls -l ../none\nexit 5\n',
    });
    assert.equal(code, 5, stderr);
    assert.equal(stdout.replace('lost+found\n', ''), 'conf\nempty\ngone\nlink\nsly\n/conf\nold');
    assert.match(stderr, /^ls -l ..\/none: the volume has no \/none$/m);
    const shell = await place.stash('browse deploy/demo --image busybox', {
      stdin: 'cat conf/app; exit 3\n',
    });
    assert.deepEqual({ code: shell.code, stdout: shell.stdout }, { code: 3, stdout: 'old' }, shell.stderr);
    await leavesNothing(place);
  });

  test('the pod has nothing of the workload that a Service could select, no token, and reads only', async (t) => {
    const { place } = await setUp(t);
    const stop = new AbortController();
    const running = place.stash('browse deploy/demo', {
      identity: undefined,
      signal: stop.signal,
      stdin: '',
    });
    const pod = await place.until(pods, (all) =>
      all.find(({ metadata, status }) => metadata.labels?.['app'] !== 'demo' && status?.phase !== 'Pending'),
    );
    await running;
    assert.deepEqual(pod.metadata.labels, {
      'app.kubernetes.io/managed-by': 'kubectl-stash',
      'app.kubernetes.io/component': 'files',
    });
    assert.equal(pod.spec.automountServiceAccountToken, false);
    assert.deepEqual(pod.spec.containers[0]?.volumeMounts, [
      { name: 'restored', mountPath: '/stash/restored', readOnly: true },
    ]);
    await leavesNothing(place);
  });
});

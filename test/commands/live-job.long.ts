/** How `wait` shows the Job of a session, with real pods. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { imageRepository } from '#src/api/operator.ts';
import { backupSessions, jobs } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

import { checkAdvice } from './advice.ts';
import { namespace, object, type Created } from './objects.ts';
import { startWorld, type World } from './world.ts';

const demo = 'demo';
let world: World;

before(async () => {
  world = await startWorld({ program: { argv: [process.execPath], version: 'v0.0.0' } });
  await world.create(namespace(demo));
});

after(() => world[Symbol.asyncDispose]());

function session(name: string): Created {
  const invoker = { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'nightly' };
  const metadata = { name, namespace: demo };
  return [
    backupSessions,
    object('stash.appscode.com/v1beta1', 'BackupSession', { metadata, spec: { invoker } }),
  ];
}

function job(name: string, container: object, more: object = {}): Created {
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'stash', ...container }], ...more },
  };
  const metadata = { name, namespace: demo };
  return [jobs, object('batch/v1', 'Job', { metadata, spec: { backoffLimit: 0, template } })];
}

test('a container that crashes: its exit code, its last lines, and the end', async () => {
  // Everything follows from watch events: nothing waits for the clock.
  world.standAt(0);
  const command = ['sh', '-c', 'for i in 1 2 3 4 5 6 7; do echo line $i; done; exit 3'];
  await world.create(session('nightly-1'), job('stash-vs-nightly-1', { image: 'busybox', command }));
  const { code, err } = await world.run('wait nightly-1');
  assert.equal(code, 4, err);
  await checkAdvice(err);
  assert.match(err, /note: pod stash-vs-nightly-1-\w+: container stash exited with code 3/);
  const lines = [...err.matchAll(/note: \| (.*)/g)].map(([, line]) => line);
  assert.deepEqual(lines, ['line 3', 'line 4', 'line 5', 'line 6', 'line 7']);
  assert.match(err, /^error: backupsession\/nightly-1 failed: job stash-vs-nightly-1 failed: /m);
});

/** The output until the timeout of a session that no executor ends. */
async function untold(name: string, ...objects: Created[]): Promise<string> {
  world.race();
  await world.create(session(name), ...objects);
  // Twenty seconds after the clock starts.
  const status = { sessionDeadline: '2026-03-14T03:00:20Z' };
  await world.cluster.patch(backupSessions, { name, namespace: demo }, { status }, { subresource: 'status' });
  const { code, err } = await world.run(`wait ${name}`);
  assert.equal(code, 5, err);
  await checkAdvice(err);
  return err;
}

test('a pod whose image cannot be pulled is reported', async () => {
  const image = `${imageRepository}:no-such-tag`;
  const err = await untold('nightly-2', job('stash-vs-nightly-2', { image }));
  assert.match(
    err,
    /note: job stash-vs-nightly-2 waits: pod stash-vs-nightly-2-\w+ cannot pull its image \((?:ErrImagePull|ImagePullBackOff)\): \S/,
  );
});

test("a pod that cannot be scheduled is reported in the scheduler's words", async () => {
  const err = await untold(
    'nightly-3',
    job('stash-vs-nightly-3', { image: 'busybox' }, { nodeSelector: { disk: 'none' } }),
  );
  assert.match(
    err,
    /note: job stash-vs-nightly-3 waits: pod stash-vs-nightly-3-\w+ cannot be scheduled: 0\/1 nodes are available/,
  );
  assert.match(
    err,
    /^error: .* timed out: .* no executor has taken the session; job stash-vs-nightly-3 waits: pod /m,
  );
  world.race();
  const limited = await world.run('wait nightly-3 --timeout=20s');
  assert.equal(limited.code, 5, limited.err);
  await checkAdvice(limited.err);
  assert.match(
    limited.err,
    /^error: stopped following \S+ after 20s; no executor has taken the session yet: job stash-vs-nightly-3 waits: pod /m,
  );
});

test('a Job that is deleted while the session runs is reported', async () => {
  world.race();
  await world.create(session('nightly-4'), job('stash-vs-nightly-4', { image: 'busybox' }));
  const seen = Promise.withResolvers<undefined>();
  const through = (cluster: Cluster): Cluster => ({
    ...cluster,
    async *watch(resource, scope, signal) {
      for await (const event of cluster.watch(resource, scope, signal)) {
        yield event;
        if (resource.plural === 'jobs') seen.resolve(undefined);
      }
    },
  });
  const waiting = world.run('wait nightly-4 --timeout=60s', { through });
  await seen.promise;
  const at = { name: 'stash-vs-nightly-4', namespace: demo };
  await world.cluster.delete(jobs, at, { propagation: 'Background' });
  const { code, err } = await waiting;
  assert.equal(code, 5, err);
  assert.match(err, /note: job stash-vs-nightly-4 was deleted while the session ran/);
});

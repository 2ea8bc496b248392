/** The live table while a preBackup hook runs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { backupSessions, deployments, jobs } from '#src/api/resources.ts';

import { claim, namespace, object } from './objects.ts';
import { screen } from './settled.ts';
import { startWorld, type World } from './world.ts';

const demo = 'demo';
const row = /^data +Pending +waiting for the preBackup hook to end$/m;
let world: World;

before(async () => {
  world = await startWorld();
  const main = { name: 'main', image: 'busybox', command: ['/bin/sh', '-c', 'exec sleep 3600'] };
  const spec = {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [main],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    },
  };
  await world.create(namespace(demo), claim(demo, 'data'), [
    deployments,
    object('apps/v1', 'Deployment', { metadata: { name: 'web', namespace: demo }, spec }),
  ]);
  await world.bound(demo, 'data');
  await world.until(deployments, demo, 'web', (it) => it?.status?.['availableReplicas'] === 1);
});

after(() => world[Symbol.asyncDispose]());

test('on the command line that runs the hook', async () => {
  const words = ['snapshot', 'deploy/web', '--executor=local', '--pre', 'true', '--post', 'true'];
  const { code, err } = await world.run(words, { isTTY: true });
  assert.equal(code, 0, err);
  assert.match(err, row);
  assert.match(screen(err), /^data +Ready/m);
});

test('on a command line that follows the operator', async () => {
  const invoker = { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'nightly' };
  const annotations = {
    [annotation.executor]: 'operator-0 4',
    [annotation.quiescedSince]: '2026-03-14T03:00:00Z',
    [annotation.sessionClaims]: '["data"]',
  };
  const metadata = { name: 'nightly-1', namespace: demo, annotations };
  const container = { name: 'stash', image: 'busybox', command: ['sh', '-c', 'exit 3'] };
  const template = { spec: { restartPolicy: 'Never', containers: [container] } };
  await world.create(
    [backupSessions, object('stash.appscode.com/v1beta1', 'BackupSession', { metadata, spec: { invoker } })],
    // The hook fails, which ends the session.
    [
      jobs,
      object('batch/v1', 'Job', {
        metadata: { name: 'stash-vs-nightly-1', namespace: demo },
        spec: { backoffLimit: 0, template },
      }),
    ],
  );
  const { code, err } = await world.run('wait nightly-1', { isTTY: true });
  assert.equal(code, 4, err);
  assert.match(screen(err), row);
});

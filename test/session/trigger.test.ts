import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { triggerBackup } from '#src/session/plan/trigger.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { appConfiguration } from './app-objects.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
let namespace: string;

before(async () => {
  stage = await openStage();
});
after(async () => {
  await stage.stop();
});
beforeEach(async () => {
  namespace = await stage.home([]);
});

async function configure(spec: Partial<BackupConfiguration['spec']> = {}, finalizers: string[] = []) {
  const metadata = { name: 'nightly', namespace, finalizers };
  return stage.sandbox.cluster.create(backupConfigurations, appConfiguration(metadata, spec));
}

const clock = scaledClock(20);

function trigger(by: string | undefined, cluster: Cluster = stage.cluster) {
  const environment = { cluster, clock, signal: new AbortController().signal, tell: () => undefined };
  return triggerBackup(environment, { name: 'nightly', namespace, trigger: by });
}

const sessions = () => stage.all(backupSessions, namespace);

test('a session records its configuration and its trigger; its executor finds the claims', async () => {
  const { metadata } = await configure();
  const session = await trigger('job-1');
  assert.match(session.metadata.name, /^nightly-\d+$/);
  assert.deepEqual(session.metadata.labels, {
    'stash.appscode.com/invoker-type': 'BackupConfiguration',
    'stash.appscode.com/invoker-name': 'nightly',
    'stash.appscode.com/target-kind': 'Deployment',
    'stash.appscode.com/target-name': 'app',
    'stash.appscode.com/target-namespace': namespace,
    'app.kubernetes.io/managed-by': 'kubectl-stash',
    'stash.appscode.com/trigger': 'job-1',
  });
  assert.deepEqual(Object.keys(session.metadata.annotations ?? {}), [
    'stash.appscode.com/target',
    'stash.appscode.com/made-by',
  ]);
  assert.equal(session.metadata.annotations?.['stash.appscode.com/made-by'], 'schedule');
  assert.deepEqual(
    session.metadata.ownerReferences?.map(({ uid, controller }) => [uid, controller]),
    [[metadata.uid, true]],
  );
  assert.deepEqual(session.spec, {
    invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'nightly' },
  });
});

test('the same trigger gets the same session, another trigger a new one', async () => {
  await configure({ paused: true });
  const first = await trigger('job-1');
  assert.deepEqual(await trigger('job-1'), first);
  const second = await trigger('job-2');
  assert.notEqual(second.metadata.name, first.metadata.name);
  const third = await trigger(undefined);
  assert.deepEqual(
    (await sessions()).map(({ metadata }) => metadata.name).sort(),
    [first, second, third].map(({ metadata }) => metadata.name).sort(),
  );
});

test('two triggers within one second get a session each', async () => {
  await configure();
  const [a, b, c] = await Promise.all([trigger('job-1'), trigger('job-2'), trigger(undefined)]);
  const names = [a, b, c].map(({ metadata }) => metadata.name);
  assert.equal(new Set(names).size, 3);
  assert.equal((await sessions()).length, 3);
});

test('a lost answer does not create a second session', async () => {
  await configure();
  for (const by of ['job-1', undefined]) {
    const had = (await sessions()).length;
    let lost = 0;
    const session = await trigger(by, {
      ...stage.cluster,
      create: async (resource, object) => {
        const stored = await stage.cluster.create(resource, object);
        lost += 1;
        if (lost === 1) throw new StashError('unreachable', 'the connection was lost');
        return stored;
      },
    });
    assert.ok(lost >= 1);
    const all = await sessions();
    assert.equal(all.length, had + 1);
    assert.ok(all.some(({ metadata }) => metadata.uid === session.metadata.uid));
  }
});

test('refuses a configuration that is missing, uses another driver, has no target, or is being deleted', async () => {
  const refused = async (kind: 'not-found' | 'precondition', message: RegExp) => {
    await assert.rejects(trigger('job-1'), (error) => {
      assert.ok(isStashError(error, kind));
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(await sessions(), []);
  };
  await refused('not-found', /"nightly" not found/);
  const rows: [Partial<BackupConfiguration['spec']>, RegExp][] = [
    [{ driver: 'Restic' }, /has driver Restic/],
    [{ target: {} }, /spec.target.ref is missing/],
    [{ target: { ref: { kind: 'Pod', name: 'a' } } }, /spec.target.ref.kind "Pod"/],
  ];
  const at = () => ({ name: 'nightly', namespace });
  for (const [spec, message] of rows) {
    await configure(spec);
    await refused('precondition', message);
    await stage.cluster.delete(backupConfigurations, at());
  }
  await configure({}, ['a/b']);
  await stage.cluster.delete(backupConfigurations, at());
  await refused('precondition', /is being deleted/);
});

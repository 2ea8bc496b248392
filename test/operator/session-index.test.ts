import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { backupSessions } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { followedKind } from '#src/operator/follow-kind.ts';
import { indexSessions } from '#src/operator/session-index.ts';

function session(name: string, invoker: string, resourceVersion: string): Stored<BackupSession> {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name,
      namespace: 'demo',
      uid: name,
      resourceVersion,
      creationTimestamp: '2026-03-14T03:00:00Z',
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: invoker } },
  };
}

function indexed() {
  const cache = followedKind(backupSessions, {}, (object) => object);
  const index = indexSessions(cache, {
    groupOf: ({ spec }) => spec.invoker.name,
    jobNameOf: (name) => `job-${name}`,
  });
  const namesOf = (invoker: string) => index.ofGroup('demo', invoker).map(({ metadata }) => metadata.name);
  return { cache, index, namesOf };
}

test('sessions are found by their invoker and by their Job', () => {
  const { cache, index, namesOf } = indexed();
  cache.learn(session('s1', 'deploy-foo', '1'));
  cache.learn(session('s2', 'deploy-foo', '2'));
  cache.learn(session('s3', 'deploy-bar', '3'));
  assert.deepEqual(namesOf('deploy-foo'), ['s1', 's2']);
  assert.deepEqual(namesOf('deploy-bar'), ['s3']);
  assert.deepEqual(namesOf('deploy-none'), []);
  assert.deepEqual(index.ofJob('demo', 'job-s2'), { namespace: 'demo', name: 's2' });
  assert.equal(index.ofJob('demo', 'job-s4'), undefined);
});

test('a session that gets another invoker is no longer found by the former one', () => {
  const { cache, namesOf } = indexed();
  cache.learn(session('s1', 'deploy-foo', '1'));
  cache.learn(session('s1', 'deploy-bar', '2'));
  assert.deepEqual(namesOf('deploy-foo'), []);
  assert.deepEqual(namesOf('deploy-bar'), ['s1']);
});

test('a deleted session is no longer found by its Job', async () => {
  const { cache, index, namesOf } = indexed();
  const gone = session('s1', 'deploy-foo', '1');
  const watch = async function* () {
    yield { type: 'listed', items: [gone, session('s2', 'deploy-foo', '2')], resourceVersion: '2' };
    yield { type: 'deleted', object: session('s1', 'deploy-foo', '3') };
    await Promise.resolve();
  };
  await cache.follow({ watch } as never as Cluster, new AbortController().signal);
  assert.deepEqual(namesOf('deploy-foo'), ['s2']);
  assert.equal(index.ofJob('demo', 'job-s1'), undefined);
  assert.deepEqual(index.ofJob('demo', 'job-s2'), { namespace: 'demo', name: 's2' });
});

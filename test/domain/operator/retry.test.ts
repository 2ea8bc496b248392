/** When a failed backup is retried, and with what session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { annotation, label } from '#src/api/labels.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { decideRetry, type RetryWorld } from '#src/domain/operator/retry.ts';
import { targetAnnotation } from '#src/domain/workload/target.ts';

import { target } from '#test/domain/objects.ts';
import { at, ready, session } from './session-worlds.ts';

const failed = { phase: 'Failed' as const, sessionDuration: '10s' };
const decide = (changes: Partial<RetryWorld>) =>
  decideRetry({
    ...{ now: at(10), session: session({ status: failed }), siblings: [] },
    ...{ configuration: ready({ retryConfig: { maxRetry: 5, delay: '1m' } }), ...changes },
  });

test('only a failed session is retried', () => {
  assert.equal(decide({}).do, 'schedule');
  const others: BackupSession['status'][] = [
    undefined,
    ...(['Pending', 'Running', 'Succeeded', 'Skipped', 'Unknown'] as const).map((phase) => ({ phase })),
  ];
  for (const status of others)
    assert.equal(decide({ session: session({ status }) }).do, 'none', status?.phase ?? 'no status');
});

test('a newer session takes the place of a retry, and an older one does not', () => {
  const sibling = (seconds: number) => [session({ name: 'other', createdAt: at(seconds) })];
  assert.equal(decide({ siblings: sibling(1) }).do, 'none');
  assert.equal(decide({ siblings: [...sibling(-60), ...sibling(1)] }).do, 'none');
  const ofTheSameSecond = [session({ name: 'other' })];
  for (const siblings of [ofTheSameSecond, sibling(-60)]) assert.equal(decide({ siblings }).do, 'schedule');
});

test('each retry waits twice as long as the one before, up to an hour or the delay that was asked for', () => {
  type Retry = BackupConfiguration['spec']['retryConfig'];
  const rows: [retry: Retry, left: number | undefined, seconds: number][] = [
    [{ maxRetry: 5, delay: '1m' }, undefined, 60],
    [{ maxRetry: 5, delay: '1m' }, 5, 60],
    [{ maxRetry: 5, delay: '1m' }, 4, 120],
    [{ maxRetry: 5, delay: '1m' }, 2, 480],
    [{ maxRetry: 5, delay: '40m' }, 4, 3_600],
    [{ maxRetry: 5, delay: '2h' }, 1, 7_200],
    [{ maxRetry: 2 }, 1, 20],
    [{ delay: '1m' }, undefined, 60],
    // The configuration allows fewer than it did when the session began, or none any more.
    [{ maxRetry: 1, delay: '1m' }, 3, 60],
    [undefined, 3, 10],
  ];
  for (const [retryConfig, retryLeft, seconds] of rows) {
    const spec = retryLeft === undefined ? {} : { retryLeft };
    const step = decide({
      session: session({ spec, status: failed }),
      configuration: ready(retryConfig && { retryConfig }),
    });
    const words = JSON.stringify([retryConfig, retryLeft]);
    assert.deepEqual(step, { do: 'schedule', at: at(10 + seconds) }, words);
  }
  const unknownEnd = decide({ now: at(25), session: session({ status: { phase: 'Failed' } }) });
  assert.deepEqual(unknownEnd, { do: 'schedule', at: at(85) });
});

test('a retry backs up the same target by the same class for the same keeper, under its configuration', () => {
  const copied = {
    ...targetAnnotation(target),
    ...{ [annotation.snapshotClass]: 'fast', [annotation.madeBy]: 'user:ann', [annotation.pinned]: 'true' },
  };
  const dropped = {
    ...{ [annotation.executor]: 'cli-1 2', [annotation.quiescedSince]: at(1).toISOString() },
    other: 'x',
  };
  const due = { ...failed, nextRetry: at(70).toISOString() };
  const retryOf = (annotations: Record<string, string>) => {
    const first = session({ annotations, spec: { retryLeft: 3 }, status: due });
    const labels = { [label.invokerName]: 'sts-db', [label.trigger]: 'uid-of-a-job' };
    const step = decide({ now: at(70), session: { ...first, metadata: { ...first.metadata, labels } } });
    assert.ok(step.do === 'create');
    return step.session;
  };
  const metadata = {
    name: 'sts-db-1773457270',
    namespace: 'demo',
    labels: { [label.invokerName]: 'sts-db', [label.trigger]: session().metadata.uid },
    ownerReferences: [
      {
        ...{ apiVersion: 'stash.appscode.com/v1beta1', kind: 'BackupConfiguration', name: 'sts-db' },
        ...{ uid: ready().metadata.uid, controller: true },
      },
    ],
  };
  assert.deepEqual(retryOf({ ...copied, ...dropped }), {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { ...metadata, annotations: copied },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'sts-db' }, retryLeft: 2 },
  });
  assert.deepEqual(retryOf(dropped).metadata, metadata);
});

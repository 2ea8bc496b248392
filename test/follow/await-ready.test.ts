import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { WatchEvent } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';
import { awaitReady } from '#src/follow/await-ready.ts';
import { manualClock } from '#test/support/clock.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

type Status = BackupConfiguration['status'];

function configuration(status?: Status): Stored<BackupConfiguration> {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata: {
      name: 'nightly',
      namespace: 'demo',
      uid: 'u1',
      resourceVersion: '1',
      generation: 3,
      creationTimestamp: '2026-03-14T03:00:00Z',
    },
    spec: { retentionPolicy: { name: 'all', prune: false } },
    ...(status && { status }),
  };
}

/** The configuration's states, one per second; the last one stays. 'lost': the API server does not answer. */
async function wait(...states: (Stored<BackupConfiguration> | 'lost' | undefined)[]): Promise<unknown> {
  const clock = manualClock();
  const cluster = stubCluster({
    async *watch(_resource, _scope, signal) {
      for (const [index, state] of states.entries()) {
        const lost = { type: 'lost', why: 'connection refused' };
        const event = state === 'lost' ? lost : { type: 'listed', items: state ? [state] : [] };
        yield event as unknown as WatchEvent<never>;
        if (index < states.length - 1) await clock.sleep(1_000, signal);
      }
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
    },
  });
  const { signal } = new AbortController();
  const waiting = awaitReady({ cluster, clock, signal, tell: () => undefined }, configuration(), 60_000);
  waiting.catch(() => undefined);
  await clock.advance(61_000);
  return waiting;
}

const refusal = (message: string) => [
  { type: 'ValidationPassed', status: 'False' as const, reason: 'ResourceValidationFailed', message },
];

test('ready, once its operator has observed its present generation', async () => {
  assert.equal(
    await wait(configuration(), configuration({ phase: 'Ready', observedGeneration: 3 })),
    'ready',
  );
  assert.equal(
    await wait(
      configuration({ phase: 'Ready', observedGeneration: 2 }),
      configuration({ phase: 'NotReady', observedGeneration: 3 }),
      configuration({ phase: 'Ready', observedGeneration: 3 }),
    ),
    'ready',
  );
});

test('no operator has given it a status', async () => {
  assert.equal(await wait(configuration()), 'no-operator');
});

test('during an outage, an operator may have given it a status', async () => {
  await assert.rejects(wait(configuration(), 'lost'), {
    kind: 'timed-out',
    message:
      'backupconfiguration/nightly is not Ready after 1m: its operator gave no reason; cannot follow backupconfigurations: connection refused',
  });
  assert.equal(await wait(configuration(), 'lost', configuration()), 'no-operator');
});

test("invalid: with its operator's reason", async () => {
  const invalid = configuration({
    phase: 'Invalid',
    observedGeneration: 3,
    conditions: refusal('no target'),
  });
  await assert.rejects(wait(invalid), (error) => {
    return isStashError(error, 'precondition') && error.message.endsWith('is invalid: no target');
  });
  // A status of an earlier generation does not count.
  const before = configuration({ phase: 'Invalid', observedGeneration: 2, conditions: refusal('no target') });
  assert.equal(await wait(before, configuration({ phase: 'Ready', observedGeneration: 3 })), 'ready');
});

test('not ready in time, an operator that has died, and a configuration that is deleted meanwhile', async () => {
  const late = configuration({ phase: 'NotReady', observedGeneration: 3, conditions: refusal('not found') });
  await assert.rejects(wait(late), /is not Ready after 1m: not found/);
  const dead = configuration({ phase: 'Ready', observedGeneration: 2 });
  await assert.rejects(wait(dead), (error) => {
    return isStashError(error, 'timed-out') && /its operator does not answer/.test(error.message);
  });
  await assert.rejects(wait(configuration(), undefined), (error) => isStashError(error, 'not-found'));
});

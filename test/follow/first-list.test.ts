/** A wait ends in time although the API server never answers its first list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { deployments } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { isStashError } from '#src/errors.ts';
import { awaitGone } from '#src/follow/await-gone.ts';
import { awaitReady } from '#src/follow/await-ready.ts';
import { untilAvailable } from '#src/install/available.ts';
import { until } from '#src/install/until.ts';
import { manualClock } from '#test/support/clock.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const timeoutMs = 60_000;
const namespace = 'demo';
const metadata = {
  ...{ name: 'a', namespace, uid: 'u1', resourceVersion: '1', creationTimestamp: '2026-03-14T03:00:00Z' },
};
const apiVersion = 'stash.appscode.com/v1beta1';
const configuration = { apiVersion, kind: 'BackupConfiguration', metadata, spec: {} };
const session = { apiVersion, kind: 'BackupSession', metadata, spec: {} };

interface Waiting {
  readonly cluster: ReturnType<typeof stubCluster>;
  readonly clock: ReturnType<typeof manualClock>;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

const waits: Readonly<Record<string, (waiting: Waiting) => Promise<unknown>>> = {
  'for a configuration to be Ready': (waiting) =>
    awaitReady(waiting, configuration as unknown as Stored<BackupConfiguration>, timeoutMs),
  'for a session to be gone': (waiting) => awaitGone(waiting, [session], { namespace, timeoutMs }),
  'for objects of an installation': (waiting) =>
    until({ ...waiting, timeoutMs }, deployments, { namespace }, () => true),
  'for the operator to be up': (waiting) =>
    untilAvailable({ ...waiting, timeoutMs }, namespace, () => undefined),
};

for (const [what, wait] of Object.entries(waits)) {
  test(`a wait ${what}`, async () => {
    const clock = manualClock();
    const cluster = stubCluster({
      async *watch(_resource, _scope, signal) {
        yield { type: 'lost', why: 'connection refused' };
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
      },
    });
    let end: unknown = 'still waiting';
    const waiting = wait({
      cluster,
      clock,
      signal: new AbortController().signal,
      tell: () => undefined,
    }).catch((error: unknown) => {
      end = error;
    });
    await clock.advance(timeoutMs);
    await Promise.race([waiting, clock.advance(1)]);
    assert.ok(isStashError(end, 'timed-out'), String(end));
    assert.match(end.message, /cannot list \w+: timed out after 1m: connection refused/);
  });
}

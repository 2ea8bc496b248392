/** `drive` with a clock whose every reading is set by the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Made } from '#src/domain/session/step.ts';
import { drive, type Routine } from '#src/session/run/drive.ts';

test('a quiesced time that ends between two readings of the clock is acted on, not waited for', async () => {
  const end = new Date('2026-01-01T00:01:00Z');
  const readings = [-1, 1].map((offset) => new Date(end.getTime() + offset));
  const clock: Clock = {
    now: () => readings.shift() ?? new Date(end.getTime() + 2),
    sleep: (milliseconds) =>
      milliseconds < 1_000 ? Promise.resolve() : Promise.reject(new Error('waits for the deadline')),
  };
  const session = new AbortController();
  using loop = createLoop(clock, session.signal);
  const never = new Promise<void>(() => undefined);
  const silent = {
    ...{ synced: never, isSynced: () => false, failure: () => undefined },
  } as Routine<BackupSession>['made'];
  const held = { trouble: { onChange: () => undefined } } as unknown as Routine<BackupSession>['held'];
  const made: Made = {
    claim: 'a',
    resource: volumeSnapshots,
    object: { apiVersion: 'v1', kind: 'VolumeSnapshot', metadata: { name: 'a' } },
  };
  const created: Made[] = [];
  const routine: Routine<BackupSession> = {
    ...{ loop, clock, held, made: silent },
    look: (now) => ({
      progress: { kind: 'BackupSession', claims: [], notes: [] } as never,
      step: now < end ? { do: 'create', made: [made], until: end } : { do: 'done' },
    }),
    knownBy: (now, toGoOn) => (toGoOn && now >= end ? new Date(end.getTime() + 3_600_000) : end),
    create: (items) => Promise.resolve(void created.push(...items)),
    runHook: () => Promise.resolve(),
    leave: () => Promise.resolve(),
    startBy: undefined,
    onChange: () => undefined,
  };
  await drive(routine);
  assert.deepEqual(created, []);
});

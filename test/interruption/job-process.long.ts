/**
 * The process of a Job is killed at each of its writes in turn: its pod is gone, and the Job's next pod comes to the
 * same end. A process that was only stopped, and goes on after that, changes nothing.
 */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { carryOut } from '#src/session/run/carry-out.ts';
import { backup as backupKind } from '#src/session/kinds/backup.ts';
import { restore as restoreKind } from '#src/session/kinds/restore.ts';
import { appConfiguration, appRef } from '#test/session/app-objects.ts';
import { hastyClock } from '#test/session/clocks.ts';
import { freezing, type FreezePoint } from '#test/session/freezing.ts';
import { checkLog, logOf, note, runningHome } from '#test/session/hooked.ts';
import { openStage, type Stage } from '#test/session/stage.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { backupsIn, restoresIn } from './end-state.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

interface Act {
  /** A namespace with a session for a Job to carry out. */
  readonly prepare: () => Promise<string>;
  /** Runs the Job's process as a pod of this name; resolves when it ends. */
  readonly carryOut: (namespace: string, pod: string, cluster: Cluster, clock: Clock) => Promise<unknown>;
  readonly endState: (namespace: string) => Promise<unknown>;
  /** The hooks of an undisturbed run, in order. */
  readonly log: readonly string[];
}

const hooks = (kind: 'Backup' | 'Restore') => ({
  [`pre${kind}`]: { exec: { command: ['/bin/sh', '-c', note('freeze')] }, containerName: 'app' },
  [`post${kind}`]: { exec: { command: ['/bin/sh', '-c', note('thaw')] }, containerName: 'app' },
});

const environment = (cluster: Cluster, clock: Clock) => ({
  cluster,
  clock,
  signal: new AbortController().signal,
  tell: () => undefined,
  onChange: () => undefined,
});

/** A clock that goes on while its reader is stopped. */
function clockOfSleeper(): { readonly clock: Clock; readonly oversleep: (milliseconds: number) => void } {
  const clock = hastyClock();
  let late = 0;
  return {
    clock: {
      now: () => new Date(clock.now().getTime() + late),
      sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
    },
    oversleep: (milliseconds) => {
      late += milliseconds;
    },
  };
}

/** A snapshot of everything that an executor could change. */
async function versions(namespace: string): Promise<unknown> {
  const kinds: Resource[] = [backupSessions, restoreSessions, volumeSnapshots, persistentVolumeClaims];
  const objects = await Promise.all(kinds.map((kind) => stage.all(kind, namespace)));
  return objects.flat().map(({ metadata }) => [metadata.uid, metadata.resourceVersion]);
}

async function survive(act: Act, at: FreezePoint, undisturbed: unknown, what: string): Promise<void> {
  const namespace = await act.prepare();
  const port = freezing(stage.cluster, at);
  const sleeper = clockOfSleeper();
  const first = act.carryOut(namespace, 'stash-vs-s1-first', port.cluster, sleeper.clock);
  await port.frozen;
  await act.carryOut(namespace, 'stash-vs-s1-second', stage.cluster, hastyClock());
  assert.deepEqual(await act.endState(namespace), undisturbed, what);
  const log = await logOf(stage, namespace);
  checkLog(log, what);
  assert.equal(log.length === 0, act.log.length === 0, what);
  const before = await versions(namespace);
  sleeper.oversleep(60_000);
  port.thaw();
  await first;
  assert.deepEqual(await versions(namespace), before, `${what}, and then woken up`);
  assert.deepEqual(await logOf(stage, namespace), log, `${what}, and then woken up`);
}

async function prove(t: TestContext, act: Act): Promise<void> {
  const namespace = await act.prepare();
  const { cluster, writes } = freezing(stage.cluster);
  await act.carryOut(namespace, 'stash-vs-s1-only', cluster, hastyClock());
  const undisturbed = await act.endState(namespace);
  assert.deepEqual(await logOf(stage, namespace), act.log);
  let survived = 0;
  await Promise.all(
    writes.flatMap((write, index) =>
      (['before', 'after'] as const).map(async (when) => {
        const what = `killed ${when} write ${index + 1} of ${writes.length} (${write})`;
        await survive(act, { write: index + 1, when }, undisturbed, what);
        survived += 1;
      }),
    ),
  );
  t.diagnostic(`survived ${survived} of ${2 * writes.length}: before and after each of ${writes.join(', ')}`);
}

function backup(given: { readonly hooks: boolean }): Act {
  return {
    log: given.hooks ? ['freeze', 'thaw'] : [],
    async prepare() {
      const namespace = await runningHome(stage, ['data', 'logs']);
      await stage.sandbox.cluster.create(
        backupConfigurations,
        appConfiguration({ name: 'nightly', namespace }, given.hooks ? { hooks: hooks('Backup') } : {}),
      );
      await stage.sandbox.cluster.create(backupSessions, {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'BackupSession',
        metadata: { name: 's1', namespace },
        spec: { invoker: { kind: 'BackupConfiguration', name: 'nightly' } },
      });
      return namespace;
    },
    carryOut: async (namespace, id, cluster, clock) =>
      carryOut(environment(cluster, clock), backupKind, {
        session: await stage.sandbox.cluster.get(backupSessions, 's1', namespace),
        ...{ id, context: { maxFreezeMs: 60_000 }, held: 'wait' },
      }),
    endState: (namespace) => backupsIn(stage, namespace),
  };
}

function restore(given: { readonly hooks: boolean }): Act {
  return {
    log: given.hooks ? ['freeze', 'thaw'] : [],
    async prepare() {
      const namespace = await runningHome(stage, ['data', 'logs']);
      const taken = stage.play('snapshot deploy/app', { namespace, clock: hastyClock() });
      assert.equal(await taken.exit, 0, taken.context.stderr());
      const snapshots = await stage.all(volumeSnapshots, namespace);
      await stage.sandbox.cluster.create(restoreSessions, {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'RestoreSession',
        metadata: { name: 's1', namespace },
        spec: {
          driver: 'VolumeSnapshotter',
          ...(given.hooks && { hooks: hooks('Restore') }),
          target: {
            ref: appRef,
            volumeClaimTemplates: snapshots.map(({ metadata, spec }) =>
              claimFrom(metadata.name, `${spec.source.persistentVolumeClaimName ?? ''}-back`),
            ),
          },
        },
      });
      return namespace;
    },
    carryOut: async (namespace, id, cluster, clock) =>
      carryOut(environment(cluster, clock), restoreKind, {
        session: await stage.sandbox.cluster.get(restoreSessions, 's1', namespace),
        ...{ id: id.replace('-vs-', '-restore-'), held: 'wait' },
      }),
    endState: (namespace) => restoresIn(stage, namespace),
  };
}

test('create-vs without hooks', (t) => prove(t, backup({ hooks: false })));
test('create-vs with hooks', (t) => prove(t, backup({ hooks: true })));
test('restore-vs without hooks', (t) => prove(t, restore({ hooks: false })));
test('restore-vs with hooks', (t) => prove(t, restore({ hooks: true })));

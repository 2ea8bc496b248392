import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { BackupSession } from '#src/api/stash.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import type { DeleteScene } from '#src/domain/restore-points/delete-effects.ts';
import { scheduleEffects } from '#src/domain/restore-points/schedule-effects.ts';
import { configuration } from '#test/domain/objects.ts';
import { at, backupSession, snapshotOf } from '#test/domain/restore-point-objects.ts';

const schedule = configuration('deploy-foo', { schedule: '0 3 * * *' });

function owned(session: Stored<BackupSession>, ...uids: string[]): Stored<BackupSession> {
  const ownerReferences = uids.map((uid) => ({ apiVersion: 'v1', kind: 'x', name: 'x', uid }));
  return { ...session, metadata: { ...session.metadata, ownerReferences } };
}

test('deleting a schedule deletes its sessions, and tells which restore points stay', () => {
  const { uid } = schedule.metadata;
  const one = snapshotOf('s-1', 'data', { created: at(1) });
  const newer = snapshotOf('s-2', 'data', { created: at(2) });
  const foreign = snapshotOf('t-3', 'data', { created: at(3) });
  foreign.metadata.labels = {};
  const done = (name: string) => backupSession(name, 'Succeeded');
  const gone = '"0 3 * * *" would be deleted';
  const rows: [name: string, seen: Partial<DeleteScene>, notes: [schedule: string, points: string]][] = [
    ['nothing', {}, [gone, 'it has no restore points']],
    ['points of others', { snapshots: [foreign] }, [gone, 'it has no restore points']],
    ['a point', { snapshots: [one, foreign] }, [gone, '1 restore point stays, the newest s-1']],
    ['two points', { snapshots: [one, newer] }, [gone, '2 restore points stay, the newest s-2']],
    [
      'sessions',
      { backupSessions: [owned(done('a'), 'x', uid), owned(done('b'), 'x'), done('c')] },
      [`${gone}, and with it 1 backupsession`, 'it has no restore points'],
    ],
    [
      'a session that left no snapshots',
      {
        backupSessions: [
          owned(backupSession('a', 'Failed', { claims: ['data'] }), uid),
          owned(done('b'), uid),
        ],
      },
      [`${gone}, and with it 2 backupsessions`, 'it has no restore points'],
    ],
  ];
  for (const [name, seen, notes] of rows) {
    const effects = scheduleEffects(schedule, { snapshots: [], backupSessions: [], ...seen });
    const [ofSchedule, points] = notes;
    assert.deepEqual(
      effects,
      {
        notes: [`schedule ${ofSchedule}`, points].map((note) => `backupconfiguration/deploy-foo: ${note}`),
        refusals: [],
        unlessForced: [],
      },
      name,
    );
  }
});

test('a session that still runs is not deleted with its schedule without --force', () => {
  const { uid } = schedule.metadata;
  const backupSessions = [
    owned(backupSession('a', 'Running'), uid),
    owned(backupSession('b', 'Succeeded'), uid),
    owned(backupSession('c', 'Running'), 'x'),
  ];
  const { unlessForced, refusals } = scheduleEffects(schedule, { snapshots: [], backupSessions });
  assert.deepEqual([unlessForced.length, refusals], [1, []]);
  assert.match(unlessForced[0]?.message ?? '', /^backupsession\/a /);
});

test('a configuration without a schedule says so', () => {
  const { notes } = scheduleEffects(configuration('x'), { snapshots: [], backupSessions: [] });
  assert.equal(notes[0], 'backupconfiguration/x: schedule "" would be deleted');
});

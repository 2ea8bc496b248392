/** What the words of `delete` stand for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ObjectArgument } from '#src/domain/arguments/object-arguments.ts';
import { objectsNamed, workloadNamed } from '#src/domain/restore-points/deletable.ts';
import type { DeleteScene } from '#src/domain/restore-points/delete-effects.ts';
import { restoreSession } from '#test/domain/objects.ts';
import { at, backupSession, foo, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

const two = ['data', 'logs'];
const bar = { ...foo, name: 'bar' };

function scene(more: Partial<DeleteScene>): DeleteScene {
  return {
    ...{ snapshots: [], backupSessions: [], restoreSessions: [], claims: [] },
    ...{ classes: undefined, contents: new Map() },
    ...more,
  };
}
function restoring(name: string) {
  const made = restoreSession();
  return { ...made, metadata: { ...made.metadata, name } };
}

const snapshots = two.map((claim) => snapshotOf('s-1', claim, { claims: two }));
const backup = backupSession('s-1', 'Succeeded', { claims: two });
const empty = backupSession('s-2', 'Failed', { claims: ['data'] });
const alone = foreignSnapshot('x', { name: 'by-hand' });

test('a name stands for the one object, or for all snapshots of the one restore point', () => {
  const same = [backupSession('same', 'Succeeded'), restoring('same')] as const;
  const rows: [name: string, word: ObjectArgument, seen: Partial<DeleteScene>, found: readonly object[]][] = [
    ['a session with snapshots', { type: undefined, name: 's-1' }, { snapshots }, snapshots],
    ['a session without', { type: undefined, name: 's-2' }, { backupSessions: [empty], snapshots }, [empty]],
    [
      'a snapshot',
      { type: undefined, name: 'data-1' },
      { snapshots, backupSessions: [backup] },
      [snapshots[0] ?? {}],
    ],
    [
      'the only snapshot of its point',
      { type: undefined, name: 'by-hand' },
      { snapshots: [alone, ...snapshots] },
      [alone],
    ],
    [
      'a session by its type',
      { type: 'backupsession', name: 's-1' },
      { snapshots, backupSessions: [backup] },
      [backup],
    ],
    [
      'one of two types',
      { type: 'restoresession', name: 'same' },
      { backupSessions: [same[0]], restoreSessions: [same[1]] },
      [same[1]],
    ],
    [
      'one of two types',
      { type: 'backupsession', name: 'same' },
      { backupSessions: [same[0]], restoreSessions: [same[1]] },
      [same[0]],
    ],
  ];
  for (const [name, word, seen, found] of rows) {
    assert.deepEqual(objectsNamed(word, scene(seen), 'demo'), found, name);
  }
});

test('a name of several things is refused, with a command for each', () => {
  const members = two.map((claim) =>
    snapshotOf('s-1', claim, { claims: two, name: claim === 'data' ? 's-1' : claim }),
  );
  const sessionAndPoint = [
    'the backupsession alone:',
    'kubectl stash delete backupsession/s-1 -n demo',
    'all snapshots of the restore point:',
    'kubectl stash delete --restore-point s-1 -n demo',
  ];
  const both = 's-1 is a backupsession and a restore point';
  const rows: [seen: Partial<DeleteScene>, message: string, hint: string[]][] = [
    [{ snapshots, backupSessions: [backup] }, both, sessionAndPoint],
    [{ snapshots: snapshots.slice(0, 1), backupSessions: [backup] }, both, sessionAndPoint],
    [
      { snapshots: members },
      's-1 is a volumesnapshot and a restore point',
      [
        'the volumesnapshot alone:',
        'kubectl stash delete volumesnapshot/s-1 -n demo',
        'all snapshots of the restore point:',
        'kubectl stash delete --restore-point s-1 -n demo',
      ],
    ],
    [
      { backupSessions: [backup], restoreSessions: [restoring('s-1')] },
      's-1 is a backupsession and a restoresession',
      [
        'the backupsession alone:',
        'kubectl stash delete backupsession/s-1 -n demo',
        'the restoresession alone:',
        'kubectl stash delete restoresession/s-1 -n demo',
      ],
    ],
    [
      { snapshots: [...snapshots, foreignSnapshot('z', { name: 's-1' })] },
      's-1 is a volumesnapshot and a restore point',
      [
        'the volumesnapshot alone:',
        'kubectl stash delete volumesnapshot/s-1 -n demo',
        'all snapshots of the restore point:',
        'kubectl stash delete --restore-point s-1 -n demo',
      ],
    ],
  ];
  for (const [seen, message, hint] of rows) {
    assert.throws(() => objectsNamed({ type: undefined, name: 's-1' }, scene(seen), 'demo'), {
      ...{ kind: 'precondition', message, hint: hint.join('\n') },
    });
  }
});

test('a name of nothing is refused, with one like it', () => {
  const seen = scene({ snapshots, backupSessions: [backupSession('nightly', 'Succeeded')] });
  const rows: [word: ObjectArgument, message: string, hint: string][] = [
    [
      { type: undefined, name: 'nightli' },
      'no session, snapshot or restore point "nightli" in namespace demo',
      'did you mean nightly?',
    ],
    [
      { type: 'backupsession', name: 'nightli' },
      'backupsession "nightli" not found in namespace demo',
      'did you mean backupsession/nightly?',
    ],
    [
      { type: 'volumesnapshot', name: 'nightly' },
      'volumesnapshot "nightly" not found in namespace demo',
      'kubectl get volumesnapshots -n demo',
    ],
    [
      { type: undefined, name: 'x' },
      'no session, snapshot or restore point "x" in namespace demo',
      'kubectl stash list -n demo',
    ],
    [
      { type: 'backupsession', name: 's-1' },
      'backupsession "s-1" not found in namespace demo',
      'kubectl get backupsessions -n demo',
    ],
  ];
  for (const [word, message, hint] of rows) {
    assert.throws(() => objectsNamed(word, seen, 'demo'), { kind: 'not-found', message, hint });
  }
});

test('a workload does not say what to delete: its restore points and its schedule are proposed', () => {
  const byHand = two.map((claim) => foreignSnapshot(claim, { name: `${claim}-1732427120` }));
  const newer = snapshotOf('s-3', 'data', { created: at(60) });
  const foreign = [snapshotOf('t-9', 'data', { target: bar, created: at(99) }), alone];
  const points = (count: string, session: string) => [
    `the newest of its ${count}restore points:`,
    `kubectl stash delete --restore-point ${session} -n demo`,
    'another of them:',
    'kubectl stash list deployment/foo -n demo',
  ];
  const schedule = ['its schedule:', 'kubectl stash delete schedule deployment/foo -n demo'];
  const rows: [seen: Partial<DeleteScene>, scheduled: boolean, hint: string[]][] = [
    [{ snapshots: foreign, backupSessions: [empty] }, false, ['kubectl stash list -n demo']],
    [{ snapshots: foreign }, true, schedule],
    [{ snapshots: byHand }, true, schedule],
    [{ snapshots: [...foreign, ...snapshots] }, false, points('', 's-1')],
    [{ snapshots: [...foreign, ...snapshots, newer] }, true, [...points('2 ', 's-3'), ...schedule]],
  ];
  for (const [seen, scheduled, hint] of rows) {
    const { kind, message, hint: told } = workloadNamed(foo, scene(seen), scheduled);
    assert.deepEqual([kind, told?.split('\n')], ['usage', hint]);
    assert.equal(message, 'deployment/foo is a workload: say what of it to delete');
  }
});

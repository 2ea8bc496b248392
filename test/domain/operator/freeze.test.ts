/** When the operator thaws in place of an executor: in time, and never before a living executor would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { decideBackupSession, type BackupSessionWorld } from '#src/domain/operator/decide-backup-session.ts';
import { freezeOfBackup } from '#src/domain/operator/freeze.ts';
import { sight, type Sighting } from '#src/domain/session/holder.ts';

import { at, ensured, job, pod, podName, ready, session, world } from './session-worlds.ts';

const exec = { exec: { command: ['true'] } };
const thawing = { hooks: { preBackup: exec, postBackup: exec } };
const waitingPod = pod({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes' }],
});
const failedPod = pod({ phase: 'Failed', reason: 'Evicted' });
const livingPod = pod({ phase: 'Running' });

interface Scene {
  /** Seconds; the preBackup hook started at 100, and the operator ends the session at 605. */
  readonly now: number;
  readonly holder?: string;
  /** Seconds: when the holder last renewed its hold. */
  readonly heard?: number;
  readonly pods?: readonly Stored<Pod>[];
  readonly job?: Stored<Job> | undefined;
  /** Seconds: when the operator first saw the freeze. */
  readonly seen?: number;
  readonly spec?: Partial<BackupConfiguration['spec']>;
  readonly annotations?: Record<string, string>;
  readonly conditions?: readonly string[];
  readonly others?: Partial<BackupSessionWorld>;
}

function scene(given: Scene): BackupSessionWorld {
  const { now, holder = '', heard = now, pods = [], seen = 100, spec = thawing, conditions = [] } = given;
  const status: BackupSession['status'] = {
    phase: 'Running',
    sessionDeadline: at(605).toISOString(),
    targets: [
      {
        phase: 'Running',
        conditions: [ensured, ...conditions.map((type) => ({ type, status: 'True' as const }))],
      },
    ],
  };
  const annotations = { [annotation.quiescedSince]: at(100).toISOString(), ...given.annotations };
  return world({
    session: session({ holder, status, annotations }),
    configuration: ready(spec),
    job: 'job' in given ? given.job : job(),
    now: at(now),
    heldSince: at(heard),
    quietSince: at(seen),
    pods,
    ...given.others,
  });
}

const rows: [string, Scene, string][] = [
  ['no holder, in time', { now: 159, pods: [waitingPod] }, 'wait 160'],
  ['no holder, and the time is over', { now: 160, pods: [waitingPod] }, 'thaw'],
  ['its pod has ended, in time', { now: 120, holder: `${podName} 3`, pods: [failedPod] }, 'wait 160'],
  [
    'its pod has ended, and the time is over',
    { now: 160, heard: 155, holder: `${podName} 3`, pods: [failedPod] },
    'thaw',
  ],
  ['its pod no longer exists', { now: 160, heard: 155, holder: `${podName} 3` }, 'thaw'],
  [
    'its pod is alive when the time is over',
    { now: 160, holder: `${podName} 3`, pods: [livingPod] },
    'wait 165',
  ],
  [
    'its pod has not thawed a little later',
    { now: 165, heard: 155, holder: `${podName} 3`, pods: [livingPod] },
    'thaw',
  ],
  [
    'a pod on a lost node, which does not count as dead yet',
    { now: 165, heard: 150, holder: `${podName} 3`, pods: [livingPod] },
    'thaw',
  ],
  ['a command line, and the time is over', { now: 160, holder: 'cli-1 2' }, 'wait 165'],
  ['a command line, and a little later', { now: 165, holder: 'cli-1 2' }, 'thaw'],
  ['a command line that is dead', { now: 160, heard: 130, holder: 'cli-1 2' }, 'thaw'],
  [
    'a command line with a longer --max-freeze',
    {
      now: 200,
      holder: 'cli-1 2',
      annotations: { [annotation.quiescedUntil]: at(400).toISOString() },
    },
    'wait 230',
  ],
  [
    'the clock of a living holder is behind',
    { now: 200, seen: 190, holder: `${podName} 3`, pods: [livingPod] },
    'wait 230',
  ],
  ['the clock of a dead holder was ahead', { now: 120, seen: 60, pods: [waitingPod] }, 'thaw'],
  ['its Job has failed', { now: 110, job: job({ type: 'Failed' }) }, 'end'],
  ['its Job was deleted', { now: 110, job: undefined }, 'end'],
  ['thawed already', { now: 300, conditions: ['PostBackupHookExecutionSucceeded'] }, 'wait 610'],
  ['no postBackup hook', { now: 300, spec: { hooks: { preBackup: exec } } }, 'wait 610'],
  [
    'a postBackup hook that thaws only after a success',
    {
      now: 300,
      spec: { hooks: { preBackup: exec, postBackup: { ...exec, executionPolicy: 'OnSuccess' as const } } },
    },
    'wait 610',
  ],
  [
    'a postBackup hook that only the Job may run',
    {
      now: 300,
      spec: { hooks: { preBackup: exec, postBackup: { httpGet: { host: 'db.example', port: 80 } } } },
    },
    'wait 610',
  ],
  [
    'to be run in this process, in time',
    { now: 159, job: undefined, others: { runSessions: 'in-process' } },
    'run',
  ],
  [
    'to be run in this process, and the time is over',
    { now: 160, job: undefined, others: { runSessions: 'in-process' } },
    'thaw',
  ],
  ['without a Job, in time', { now: 159, job: undefined, others: { ensured: false } }, 'ensure-job'],
  ['without a Job, and the time is over', { now: 160, job: undefined, others: { ensured: false } }, 'thaw'],
  [
    'a command line has died before a Job was created, in time',
    { now: 159, heard: 129, holder: 'cli-1 2', job: undefined, others: { ensured: false } },
    'give-back',
  ],
  [
    'a command line has died before a Job was created, and the time is over',
    { now: 160, heard: 130, holder: 'cli-1 2', job: undefined, others: { ensured: false } },
    'thaw',
  ],
  [
    'its pod is alive long after the deadline',
    { now: 700, holder: `${podName} 3`, pods: [livingPod] },
    'stop-executor',
  ],
  ['queued in this process', { now: 161, others: { runSessions: 'in-process', here: 'queued' } }, 'thaw'],
  ['run in this process', { now: 161, others: { runSessions: 'in-process', here: 'running' } }, 'wait 905'],
];

for (const [name, given, expected] of rows) {
  test(`a quiesced application: ${name}`, () => {
    const action = decideBackupSession(scene(given));
    const until = action.do === 'wait' && action.until ? ` ${seconds(action.until)}` : '';
    assert.equal(`${action.do}${until}`, expected);
  });
}

test('what the operator says where it thaws', () => {
  const why = (given: Scene) => {
    const action = decideBackupSession(scene(given));
    assert.ok(action.do === 'thaw');
    return action.why;
  };
  const late = 'no executor thawed the application within 1m';
  assert.equal(
    why({ now: 160, pods: [waitingPod] }),
    `${late}: pod ${podName} cannot be scheduled: 0/1 nodes`,
  );
  assert.equal(why({ now: 160, job: undefined, others: { ensured: false } }), late);
});

test('a session that is to be carried out again before the time is over is carried out as any other', () => {
  const given = { now: 159, job: undefined, others: { runSessions: 'in-process' as const } };
  assert.deepEqual(decideBackupSession(scene(given)), { do: 'run', replacing: undefined });
});

test('the operator has nothing to thaw where nothing is quiesced, or where it may not run the hooks', () => {
  const quiesced = { [annotation.quiescedSince]: at(100).toISOString() };
  const adHoc = { [annotation.hooks]: JSON.stringify({ preBackup: exec, postBackup: exec }) };
  const freeze = (annotations: Record<string, string>, of?: Stored<BackupConfiguration>) =>
    freezeOfBackup(session({ annotations }), of, 60_000);
  assert.deepEqual(freeze(quiesced, ready(thawing)), { since: at(100), lastsMs: 60_000, isBounded: true });
  assert.equal(freeze({}, ready(thawing)), undefined);
  assert.equal(freeze(quiesced, ready()), undefined);
  assert.equal(freeze(quiesced, undefined), undefined);
  assert.equal(freeze({ ...quiesced, ...adHoc }, ready(thawing)), undefined);
});

function seconds(date: Date): number {
  return (date.getTime() - at(0).getTime()) / 1_000;
}

const kinds = ['pod, seen to end', 'pod, seen to go', 'pod of a lost node', 'command line'] as const;

test('after an executor dies without a successor, no application stays quiesced longer than max-freeze and 10 s', () => {
  const trial = fc.record({
    kind: fc.constantFrom(...kinds),
    maxFreeze: fc.integer({ min: 1, max: 120 }),
    /** Fraction of the freeze after which the executor dies. */
    dies: fc.double({ min: 0, max: 1, noNaN: true }),
    /** Seconds by which the executor's clock is ahead of the operator's. */
    ahead: fc.integer({ min: -3, max: 3 }),
    delay: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(trial, ({ kind, maxFreeze, dies, ahead, delay }) => {
      const died = 100 + maxFreeze * dies;
      const holderId = kind === 'command line' ? 'cli-1' : podName;
      let sighting: Sighting | undefined;
      let now = 100 + delay;
      for (;;) {
        // The executor renews its hold at the start, and every ten seconds while it is alive.
        const counter = Math.floor((Math.min(now, died) - 100) / 10);
        const isOver = now >= died + delay;
        const pods =
          kind === 'command line' || (kind === 'pod, seen to go' && isOver)
            ? []
            : [kind === 'pod, seen to end' && isOver ? failedPod : livingPod];
        const seen = scene({
          now,
          holder: `${holderId} ${counter}`,
          pods,
          seen: 100 + delay,
          annotations: {
            [annotation.quiescedSince]: at(100 + ahead).toISOString(),
            [annotation.quiescedUntil]: at(100 + ahead + maxFreeze).toISOString(),
          },
        });
        sighting = sight(sighting, seen.session, seen.now);
        const action = decideBackupSession({ ...seen, sighting, maxFreezeMs: maxFreeze * 1_000 });
        if (action.do !== 'wait') {
          assert.equal(action.do, 'thaw');
          break;
        }
        // The operator reconciles at the time that it asked for, and after changes.
        const next = action.until ? seconds(action.until) : Infinity;
        const changes = [died + delay, 100 + delay + 10 * (counter + 1)].filter((time) => time > now);
        now = Math.min(next, ...(now < died + delay ? changes : []));
        assert.notEqual(now, Infinity);
      }
      assert.ok(now - 100 <= maxFreeze + 10, `quiet for ${now - 100} s`);
    }),
  );
});

test('the operator never thaws before a living executor would, whatever its clock says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.constantFrom('cli-1 2', `${podName} 3`),
      (after, ahead, holder) => {
        const annotations = { [annotation.quiescedSince]: at(100 + ahead).toISOString() };
        const { do: next } = decideBackupSession(
          scene({ now: 100 + after, holder, pods: [livingPod], annotations }),
        );
        assert.equal(next, after >= 65 ? 'thaw' : 'wait');
      },
    ),
  );
});

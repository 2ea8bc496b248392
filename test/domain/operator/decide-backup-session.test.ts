import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Condition, Job, Stored } from '#src/api/kubernetes.ts';
import { isExecutorAction } from '#src/domain/operator/decide-executor.ts';
import {
  decideBackupSession,
  isSkipped,
  type BackupSessionAction,
  type BackupSessionWorld,
} from '#src/domain/operator/decide-backup-session.ts';
import { isFinal } from '#src/domain/session/session-status.ts';

import { inPlaceSession } from '#test/domain/in-place/in-place-session.ts';
import { stored, withoutDriver } from '#test/domain/objects.ts';
import { at, ensured, job, jobName, pod, podName, ready, session, world } from './session-worlds.ts';

/** An action as text: `end disrupted: job x was deleted`. */
function words(action: BackupSessionAction): string {
  switch (action.do) {
    case 'ignore':
    case 'ensure-job':
    case 'tidy':
      return action.do;
    case 'wait':
      return `wait${action.until ? ` until ${seconds(action.until)}` : ''}: ${action.why}`;
    case 'skip':
    case 'thaw':
    case 'stop-executor':
      return `${action.do}: ${action.why}`;
    case 'run':
      return `run${action.replacing ? ` replacing ${action.replacing.id}` : ''}`;
    case 'give-back':
      return `give back from ${action.holder.id}`;
    case 'end':
      return `end ${action.end.how}: ${action.end.why}${action.replacing ? ` replacing ${action.replacing.id}` : ''}`;
    case 'schedule-retry':
      return `schedule retry at ${seconds(action.at)}`;
    case 'retry':
      return `retry as ${action.session.metadata.name}, ${action.session.spec.retryLeft ?? '?'} left`;
  }
}

const seconds = (date: Date) => (date.getTime() - at(0).getTime()) / 1_000;

const targets = [{ phase: 'Pending' as const, conditions: [ensured] }];
const pending = { phase: 'Pending' as const, sessionDeadline: at(600).toISOString(), targets };
const running = { phase: 'Running' as const, sessionDeadline: at(605).toISOString(), targets };
const failed = { phase: 'Failed' as const, sessionDuration: '10s' };
const succeeded = { phase: 'Succeeded' as const, sessionDuration: '10s' };
const tidy = { conditions: [{ type: 'BackupHistoryCleaned', status: 'True' as const }] };
const retrying = ready({ retryConfig: { maxRetry: 2, delay: '10s' } });
const older = session({ name: 'older', createdAt: at(-5) });
const younger = session({ name: 'younger', createdAt: at(5) });
const swap = stored(inPlaceSession());
const waitingPod = pod({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes' }],
});
const held = session({ status: running, holder: `${podName} 3` });
const unensured = session({
  ...{
    status: { phase: 'Running' as const, sessionDeadline: at(605).toISOString() },
    holder: `${podName} 3`,
  },
});
const withMetadata = (of: Stored<Job>, metadata: Partial<Stored<Job>['metadata']>): Stored<Job> => ({
  ...of,
  metadata: { ...of.metadata, ...metadata },
});
const unowned = job();
delete unowned.metadata.ownerReferences;
const deletedJob = withMetadata(job(), { deletionTimestamp: at(600).toISOString() });
const owner = { apiVersion: 'stash.appscode.com/v1beta1', kind: 'BackupSession', name: 'another' };
const unseen = ready();
delete unseen.status;
const refusedFor = (why: Partial<Condition>) => ({
  ...ready(),
  status: {
    ...{ phase: 'NotReady' as const, observedGeneration: 1 },
    conditions: [
      { type: 'ValidationPassed', status: 'True' as const, message: 'it is valid' },
      { type: 'CronJobCreated', status: 'False' as const, ...why },
    ],
  },
});

const rows: [string, BackupSessionWorld, string][] = [
  [
    'another invoker',
    world({ session: session({ spec: { invoker: { kind: 'BackupBatch', name: 'b' } } }) }),
    'ignore',
  ],
  ['Restic', world({ configuration: ready({ driver: 'Restic' }) }), 'ignore'],
  [
    'Restic, begun by another operator',
    world({ session: session({ status: { phase: 'Running' } }), configuration: ready({ driver: 'Restic' }) }),
    'ignore',
  ],
  [
    'the driver was changed to Restic after it began',
    world({
      session: session({ holder: '', status: { phase: 'Running' } }),
      configuration: ready({ driver: 'Restic' }),
    }),
    'end disrupted: backupconfiguration/sts-db now has driver Restic',
  ],
  [
    'the driver was changed to Restic after it ended',
    world({
      session: session({ holder: '', status: { phase: 'Failed' } }),
      configuration: ready({ driver: 'Restic' }),
    }),
    'ignore',
  ],
  ['being deleted', world({ session: session({ deleted: true }) }), 'ignore'],
  [
    'the driver was removed after it began',
    world({
      session: session({ holder: '', status: { phase: 'Running' } }),
      configuration: withoutDriver(ready()),
    }),
    'end disrupted: backupconfiguration/sts-db now has driver Restic',
  ],
  // Admission.
  [
    'too large for the cache',
    world({ session: { ...session(), kept: { refused: 'it has too many characters' } } }),
    'skip: it has too many characters',
  ],
  [
    'its configuration is not in the cache yet, and its deadline is near',
    world({
      session: session({ status: { phase: 'Pending', sessionDeadline: at(20).toISOString() } }),
      configuration: undefined,
    }),
    'wait until 20: backupconfiguration/sts-db does not exist',
  ],
  [
    'its configuration is being deleted, after the deadline',
    world({ configuration: ready({}, { deletionTimestamp: 'x' }), now: at(700) }),
    'skip: backupconfiguration/sts-db is being deleted',
  ],
  [
    'Running without a holder: not skipped',
    world({ session: session({ status: { phase: 'Running' } }), siblings: [older] }),
    'ensure-job',
  ],
  ['it has a Job: not skipped', world({ job: job(), siblings: [older] }), 'ensure-job'],
  [
    'its configuration is not in the cache yet',
    world({ configuration: undefined }),
    'wait until 30: backupconfiguration/sts-db does not exist',
  ],
  [
    'its configuration does not exist',
    world({ configuration: undefined, now: at(31) }),
    'skip: backupconfiguration/sts-db does not exist',
  ],
  [
    'its configuration is being deleted',
    world({ configuration: ready({}, { deletionTimestamp: 'x' }) }),
    'skip: backupconfiguration/sts-db is being deleted',
  ],
  [
    'its configuration is new',
    world({ configuration: { ...ready(), status: {} } }),
    'wait until 600: backupconfiguration/sts-db has not been reconciled yet',
  ],
  [
    'its configuration was changed',
    world({ configuration: ready({}, { generation: 2 }) }),
    'wait until 600: backupconfiguration/sts-db has not been reconciled yet',
  ],
  [
    'its configuration is never reconciled',
    world({ configuration: { ...ready(), status: {} }, now: at(600) }),
    'end late: backupconfiguration/sts-db has not been reconciled yet',
  ],
  [
    'its configuration is Invalid',
    world({ configuration: { ...ready(), status: { phase: 'Invalid', observedGeneration: 1 } } }),
    'skip: backupconfiguration/sts-db is Invalid',
  ],
  [
    'its configuration has no status yet',
    world({ configuration: unseen }),
    'wait until 600: backupconfiguration/sts-db has not been reconciled yet',
  ],
  [
    'its configuration has a status without a phase',
    world({ configuration: { ...ready(), status: { observedGeneration: 1 } } }),
    'wait until 600: backupconfiguration/sts-db has not been reconciled yet',
  ],
  [
    'its configuration is Invalid, and says why',
    world({ configuration: refusedFor({ message: 'often is no schedule', reason: 'Refused' }) }),
    'skip: backupconfiguration/sts-db is NotReady: often is no schedule',
  ],
  [
    'its configuration is Invalid, and gives a reason only',
    world({ configuration: refusedFor({ reason: 'Refused' }) }),
    'skip: backupconfiguration/sts-db is NotReady: Refused',
  ],
  [
    'its configuration has not existed for as long as it may take',
    world({ configuration: undefined, now: at(30) }),
    'skip: backupconfiguration/sts-db does not exist',
  ],
  [
    'a younger one has a holder, and no phase yet',
    world({ siblings: [session({ name: 'younger', createdAt: at(5), holder: 'cli-1 1' })] }),
    'skip: backupsession/younger of the same backupconfiguration is unfinished',
  ],
  [
    'a younger one, whose name sorts before, has not begun',
    world({ siblings: [session({ name: 'a', createdAt: at(5) })] }),
    'ensure-job',
  ],
  [
    'an older one has not begun',
    world({ siblings: [older] }),
    'skip: backupsession/older of the same backupconfiguration is unfinished',
  ],
  ['a younger one has not begun', world({ siblings: [younger] }), 'ensure-job'],
  [
    'a younger one runs',
    world({ siblings: [session({ name: 'younger', createdAt: at(5), status: running })] }),
    'skip: backupsession/younger of the same backupconfiguration is unfinished',
  ],
  [
    'an older one has ended',
    world({ siblings: [session({ name: 'older', createdAt: at(-5), status: succeeded })] }),
    'ensure-job',
  ],
  [
    'a restore in place swaps its claims',
    world({ swap }),
    'skip: restoresession/restore-sts-db swaps its claims',
  ],
  [
    'a restore in place waits for this session: not skipped',
    world({ swap: stored(inPlaceSession({ record: { before: session().metadata.name } })) }),
    'ensure-job',
  ],
  [
    'a restore in place swaps its claims, and the operator has not checked the configuration',
    world({ swap, configuration: { ...ready(), status: {} } }),
    'skip: restoresession/restore-sts-db swaps its claims',
  ],
  [
    'it has begun, and a restore in place swaps its claims: not skipped',
    world({ session: session({ holder: '' }), swap }),
    'ensure-job',
  ],
  [
    'an older one is being deleted',
    world({ siblings: [session({ name: 'older', createdAt: at(-5), deleted: true })] }),
    'ensure-job',
  ],
  [
    'one of the same second whose name sorts before',
    world({ siblings: [session({ name: 'a' })] }),
    'skip: backupsession/a of the same backupconfiguration is unfinished',
  ],
  [
    'one of the same second whose name sorts after',
    world({ siblings: [session({ name: 'z' })] }),
    'ensure-job',
  ],
  ['its configuration is paused', world({ configuration: ready({ paused: true }) }), 'ensure-job'],
  // Jobs.
  ['new', world(), 'ensure-job'],
  ['not begun before its deadline', world({ now: at(606) }), 'end late: no executor started it'],
  ['its Job exists without a condition about it', world({ job: job() }), 'ensure-job'],
  [
    'its Job waits',
    world({ session: session({ status: pending }), job: job() }),
    'wait until 605: no pod has been created for it yet',
  ],
  [
    'its pod cannot be scheduled',
    world({ session: session({ status: pending }), job: job(), pods: [waitingPod] }),
    `wait until 605: pod ${podName} cannot be scheduled: 0/1 nodes`,
  ],
  [
    'its pod could not be scheduled before the deadline',
    world({ session: session({ status: pending }), job: job(), pods: [waitingPod], now: at(606) }),
    `end late: job ${jobName}: pod ${podName} cannot be scheduled: 0/1 nodes`,
  ],
  [
    'its pod starts',
    world({ session: session({ status: pending }), job: job(), pods: [pod({ phase: 'Running' })] }),
    `wait until 630: pod ${podName} of its job is running`,
  ],
  [
    'its pod carries it out',
    world({ session: held, job: job(), pods: [pod({ phase: 'Running' })] }),
    `wait until 31: ${podName} carries the session out`,
  ],
  [
    'its pod does not renew its hold',
    world({ session: held, job: job(), pods: [pod({ phase: 'Running' })], heldSince: at(0), now: at(40) }),
    `wait until 635: pod ${podName} of its job is running`,
  ],
  [
    'its pod still runs after the deadline',
    world({ session: held, job: job(), pods: [pod({ phase: 'Running' })], now: at(640) }),
    'stop-executor: the deadline has passed',
  ],
  [
    'its pod has not renewed its hold, after the deadline',
    world({ session: held, job: job(), pods: [pod({ phase: 'Running' })], heldSince: at(0), now: at(640) }),
    `end late: job ${jobName}: pod ${podName} of its job is running replacing ${podName}`,
  ],
  [
    'its pod failed, and the Job is about to create the next',
    world({ session: held, job: job(), pods: [pod({ phase: 'Failed', reason: 'Evicted' })] }),
    `wait until 610: its next pod has not been created yet: pod ${podName} failed (Evicted)`,
  ],
  [
    'its Job failed',
    world({
      session: held,
      job: job({ type: 'Failed', message: 'limit' }),
      pods: [pod({ phase: 'Failed' })],
    }),
    `end disrupted: job ${jobName} failed: limit; pod ${podName} failed replacing ${podName}`,
  ],
  [
    'its Job failed without a pod',
    world({ session: session({ status: pending }), job: job({ type: 'Failed', message: 'limit' }) }),
    `end disrupted: job ${jobName} failed: limit`,
  ],
  [
    'its Job ended, and left it unfinished',
    world({ session: session({ status: pending }), job: job({ type: 'Complete' }) }),
    `end disrupted: job ${jobName} ended without finishing the session`,
  ],
  [
    'its Job was deleted',
    world({ session: session({ status: pending }) }),
    `end disrupted: job ${jobName} was deleted`,
  ],
  [
    'its Job was deleted with its pod',
    world({ session: held }),
    `end disrupted: job ${jobName} was deleted replacing ${podName}`,
  ],
  [
    'its Job was deleted, its pod is being deleted',
    world({ session: held, pods: [pod({ phase: 'Running' })] }),
    `wait until 31: ${podName} carries the session out`,
  ],
  [
    'a foreign Job has its name',
    world({ job: { ...job(), metadata: { ...job().metadata, ownerReferences: [] } } }),
    `end not-ensured: job ${jobName} exists and was not created for this session`,
  ],
  [
    'a Job without an owner has its name',
    world({ job: unowned }),
    `end not-ensured: job ${jobName} exists and was not created for this session`,
  ],
  [
    'the Job of another session has its name',
    world({ job: withMetadata(job(), { ownerReferences: [{ ...owner, uid: 'uid-of-another' }] }) }),
    `end not-ensured: job ${jobName} exists and was not created for this session`,
  ],
  [
    'its pod carries it out, without a condition about the Job',
    world({ session: unensured, job: job(), pods: [pod({ phase: 'Running' })] }),
    'ensure-job',
  ],
  [
    'its pod carries it out just before the deadline',
    world({ session: held, job: job(), pods: [pod({ phase: 'Running' })], now: at(632) }),
    `wait until 635: ${podName} carries the session out`,
  ],
  [
    'its pod still runs when the deadline has passed',
    world({ session: held, job: job(), pods: [pod({ phase: 'Running' })], now: at(635) }),
    'stop-executor: the deadline has passed',
  ],
  [
    'its pod still runs after the deadline, and is being stopped',
    world({ session: held, job: deletedJob, pods: [pod({ phase: 'Running' })], now: at(635) }),
    `wait until 665: ${podName} carries the session out`,
  ],
  [
    'its configuration was deleted, and its pod is being stopped',
    world({
      ...{ session: held, job: deletedJob, pods: [pod({ phase: 'Running' })], now: at(640) },
      configuration: undefined,
    }),
    `wait until 670: ${podName} carries the session out`,
  ],
  [
    'its pod has not started when the deadline has passed',
    world({ session: session({ status: pending }), job: job(), pods: [waitingPod], now: at(605) }),
    `end late: job ${jobName}: pod ${podName} cannot be scheduled: 0/1 nodes`,
  ],
  ['without a Job when the deadline has passed', world({ now: at(605) }), 'end late: no executor started it'],
  // Others.
  [
    'a command line holds it just before the deadline',
    world({ session: session({ holder: 'cli-1 2', status: running }), now: at(632) }),
    'wait until 662: cli-1 carries the session out',
  ],
  [
    'a command line holds it after the deadline, and it has a Job',
    world({ session: session({ holder: 'cli-1 2', status: running }), job: job(), now: at(640) }),
    'wait until 670: cli-1 carries the session out',
  ],
  [
    'a command line holds it',
    world({ session: session({ holder: 'cli-1 2' }) }),
    'wait until 31: cli-1 carries the session out',
  ],
  [
    'a command line holds it, late',
    world({ session: session({ holder: 'cli-1 2', status: running }), now: at(700) }),
    'wait until 730: cli-1 carries the session out',
  ],
  [
    'a command line that held it is dead',
    world({ session: session({ holder: 'cli-1 2' }), heldSince: at(0), now: at(30) }),
    'give back from cli-1',
  ],
  ['a command line gave it back', world({ session: session({ holder: '' }) }), 'ensure-job'],
  ['it has begun: not skipped', world({ session: session({ holder: '' }), siblings: [older] }), 'ensure-job'],
  [
    'hooks of a command line that is alive',
    world({ session: session({ holder: 'cli-1 2', annotations: { 'stash.appscode.com/hooks': '{}' } }) }),
    'wait until 31: cli-1 carries the session out',
  ],
  [
    'hooks of a command line that is dead',
    world({ session: session({ holder: '', annotations: { 'stash.appscode.com/hooks': '{}' } }) }),
    'end disrupted: its hooks were given on a command line: only that command line may run them',
  ],
  // Disruption.
  [
    'its configuration was deleted while its pod runs',
    world({ session: held, job: job(), pods: [pod({ phase: 'Running' })], configuration: undefined }),
    'stop-executor: backupconfiguration/sts-db was deleted',
  ],
  [
    'its configuration is being deleted, its pod is gone',
    world({
      session: held,
      job: job(),
      pods: [pod({ phase: 'Failed' })],
      configuration: ready({}, { deletionTimestamp: 'x' }),
    }),
    `end disrupted: backupconfiguration/sts-db is being deleted replacing ${podName}`,
  ],
  [
    'its configuration was deleted while it is carried out here',
    world({
      session: session({ status: running, holder: 'op 1' }),
      here: 'running',
      runSessions: 'in-process',
      configuration: undefined,
    }),
    'stop-executor: backupconfiguration/sts-db was deleted',
  ],
  [
    'its configuration is no longer Ready',
    world({
      session: session({ status: pending }),
      job: job(),
      configuration: { ...ready(), status: { phase: 'NotReady' } },
    }),
    'wait until 605: no pod has been created for it yet',
  ],
  [
    'its configuration was deleted while it is queued here',
    world({
      session: session({ status: { phase: 'Running' }, holder: '' }),
      ...{ here: 'queued', runSessions: 'in-process', configuration: undefined },
    }),
    'end disrupted: backupconfiguration/sts-db was deleted',
  ],
  // In this process.
  ['new, to be run here', world({ runSessions: 'in-process' }), 'run'],
  [
    'queued here',
    world({ runSessions: 'in-process', here: 'queued', now: at(604) }),
    'wait until 605: queued',
  ],
  [
    'queued here until its deadline',
    world({ runSessions: 'in-process', here: 'queued', now: at(605) }),
    'end late: it was queued until then',
  ],
  [
    'run here',
    world({
      session: session({ status: running, holder: 'op 1' }),
      runSessions: 'in-process',
      here: 'running',
    }),
    'wait until 905: this operator carries the session out',
  ],
  [
    'run here long after its deadline',
    world({
      session: session({ status: running, holder: 'op 1' }),
      ...{ runSessions: 'in-process', here: 'running', now: at(905) },
    }),
    'stop-executor: the deadline has passed',
  ],
  [
    'to be run here, after another operator died',
    world({
      session: session({ status: running, holder: 'op-2 1' }),
      runSessions: 'in-process',
      heldSince: at(0),
      now: at(31),
    }),
    'run replacing op-2',
  ],
  [
    'to be run here, but held by another operator',
    world({ session: session({ status: running, holder: 'op-2 1' }), runSessions: 'in-process' }),
    'wait until 31: op-2 carries the session out',
  ],
  [
    'to be run here, but it has a Job',
    world({ session: session({ status: pending }), job: job(), runSessions: 'in-process' }),
    'wait until 605: no pod has been created for it yet',
  ],
  [
    'to be run here, after its Job was deleted',
    world({ session: session({ status: pending }), runSessions: 'in-process' }),
    'run',
  ],
  [
    'to be run here, after its deadline',
    world({ runSessions: 'in-process', now: at(631) }),
    'end late: no executor started it',
  ],
  // After the end.
  ['Skipped', world({ session: session({ status: { phase: 'Skipped' } }) }), 'tidy'],
  [
    'Skipped, and a newer one has succeeded',
    world({
      session: session({ status: { phase: 'Skipped' } }),
      siblings: [session({ name: 'younger', createdAt: at(5), status: succeeded })],
    }),
    'tidy',
  ],
  [
    'Skipped, and so was a newer one',
    world({
      session: session({ status: { phase: 'Skipped' } }),
      siblings: [session({ name: 'younger', createdAt: at(5), status: { phase: 'Skipped' } })],
    }),
    'wait: it has ended',
  ],
  [
    'left by a dead operator, after its deadline',
    world({
      session: session({ status: running, holder: '' }),
      runSessions: 'in-process',
      now: at(636),
    }),
    'end late: its executor stopped, and no other took over',
  ],
  ['Succeeded', world({ session: session({ status: succeeded }), now: at(11) }), 'tidy'],
  [
    'Succeeded, and tidied',
    world({ session: session({ status: { ...succeeded, ...tidy } }) }),
    'wait: it has ended',
  ],
  [
    'Succeeded, by a command line',
    world({ session: session({ status: succeeded, holder: 'cli-1 2' }), executedHere: false, now: at(11) }),
    'wait until 40: it has ended',
  ],
  [
    'Succeeded, by a command line that did not tidy up',
    world({ session: session({ status: succeeded, holder: 'cli-1 2' }), executedHere: false, now: at(40) }),
    'tidy',
  ],
  [
    'Succeeded, and so has a newer one',
    world({
      session: session({ status: succeeded }),
      siblings: [session({ name: 'younger', createdAt: at(5), status: succeeded })],
    }),
    'wait: it has ended',
  ],
  [
    'Failed, no retries',
    world({ session: session({ status: { ...failed, ...tidy } }) }),
    'wait: it has ended',
  ],
  [
    'Failed, to be retried',
    world({ session: session({ status: { ...failed, ...tidy } }), configuration: retrying }),
    'schedule retry at 20',
  ],
  [
    'Failed, before the time of its retry',
    world({
      session: session({ status: { ...failed, ...tidy, nextRetry: at(15).toISOString() } }),
      configuration: retrying,
    }),
    'wait until 15: it has ended',
  ],
  [
    'Failed, at the time of its retry',
    world({
      session: session({ status: { ...failed, ...tidy, nextRetry: at(15).toISOString() } }),
      configuration: retrying,
      now: at(15),
    }),
    'retry as sts-db-1773457215, 1 left',
  ],
  [
    'Failed, retried already',
    world({
      session: session({ status: { ...failed, ...tidy, nextRetry: at(15).toISOString(), retried: true } }),
      configuration: retrying,
      now: at(15),
    }),
    'wait: it has ended',
  ],
  [
    'Failed, no retries left',
    world({
      session: session({ spec: { retryLeft: 0 }, status: { ...failed, ...tidy } }),
      configuration: retrying,
    }),
    'wait: it has ended',
  ],
  [
    'Failed, and a newer one exists',
    world({
      session: session({ status: { ...failed, ...tidy } }),
      configuration: retrying,
      siblings: [younger],
    }),
    'wait: it has ended',
  ],
  [
    'Failed, its configuration is being deleted',
    world({
      session: session({ status: { ...failed, ...tidy } }),
      configuration: ready({ retryConfig: {} }, { deletionTimestamp: 'x' }),
    }),
    'wait: it has ended',
  ],
  [
    'ended, its Job is about to end',
    world({ session: session({ status: { ...succeeded, ...tidy } }), job: job() }),
    'wait until 70: it has ended',
  ],
  [
    'ended, its Job hangs',
    world({ session: session({ status: { ...succeeded, ...tidy } }), job: job(), now: at(71) }),
    'stop-executor: the session has ended',
  ],
  [
    'ended, its Job hangs for a minute',
    world({ session: session({ status: { ...succeeded, ...tidy } }), job: job(), now: at(70) }),
    'stop-executor: the session has ended',
  ],
  ...(
    [
      ['is complete', job({ type: 'Complete' })],
      ['has failed', job({ type: 'Failed' })],
      ['is being deleted', deletedJob],
    ] as const
  ).map(([state, of]): (typeof rows)[number] => [
    `ended, its Job ${state}`,
    world({ session: session({ status: { ...succeeded, ...tidy } }), job: of, now: at(71) }),
    'wait: it has ended',
  ]),
  ...(
    [
      ['has no status', { ...job(), status: undefined }],
      ['is Suspended', job({ type: 'Suspended' })],
      [
        'is not Complete',
        { ...job(), status: { conditions: [{ type: 'Complete', status: 'False' as const }] } },
      ],
    ] as const
  ).map(([state, of]): (typeof rows)[number] => [
    `ended, its Job ${state}`,
    world({
      session: session({ status: { ...succeeded, ...tidy } }),
      job: of as ReturnType<typeof job>,
      now: at(71),
    }),
    'stop-executor: the session has ended',
  ]),
  [
    'Succeeded, by a command line that may still tidy up, its Job about to end',
    world({
      session: session({ status: succeeded, holder: 'cli-1 2' }),
      ...{ executedHere: false, job: job(), now: at(11) },
    }),
    'wait until 40: it has ended',
  ],
  [
    'Failed, before its retry, its Job about to end',
    world({
      session: session({ status: { ...failed, ...tidy, nextRetry: at(15).toISOString() } }),
      ...{ configuration: retrying, job: job() },
    }),
    'wait until 15: it has ended',
  ],
  [
    'Succeeded, and this process still finishes it',
    world({ session: session({ status: succeeded }), here: 'running', now: at(11) }),
    'wait: it has ended',
  ],
  [
    'Succeeded, its configuration is being deleted',
    world({
      session: session({ status: succeeded }),
      ...{ configuration: ready({}, { deletionTimestamp: 'x' }), now: at(11) },
    }),
    'wait: it has ended',
  ],
  [
    'Succeeded, as did an older one',
    world({
      session: session({ status: succeeded }),
      siblings: [session({ name: 'older', createdAt: at(-5), status: succeeded })],
      now: at(11),
    }),
    'tidy',
  ],
  [
    'Succeeded, as did one of the same second',
    world({
      session: session({ status: succeeded }),
      siblings: [session({ name: 'other', status: succeeded })],
      now: at(11),
    }),
    'tidy',
  ],
];

for (const [name, seen, expected] of rows) {
  test(`the next step for a session: ${name}`, () => {
    assert.equal(words(decideBackupSession(seen)), expected);
  });
}

test('the actions of both kinds of session are told from those of backups', () => {
  const shared = ['wait', 'ensure-job', 'run', 'give-back', 'thaw', 'stop-executor', 'end'];
  for (const action of shared) assert.equal(isExecutorAction({ do: action }), true, action);
  for (const action of ['ignore', 'skip', 'tidy', 'retry', 'toString'])
    assert.equal(isExecutorAction({ do: action }), false, action);
});

test('a session is skipped if its phase says so', () => {
  assert.equal(isSkipped(session({ status: { phase: 'Skipped' } })), true);
  for (const status of [undefined, {}, succeeded]) assert.equal(isSkipped(session({ status })), false);
});

const anyWorld = fc
  .record({
    status: fc.constantFrom(undefined, pending, running, failed, succeeded, { phase: 'Skipped' as const }),
    holder: fc.constantFrom(undefined, '', 'cli-1 2', 'op-2 1', `${podName} 3`),
    hooks: fc.boolean(),
    configuration: fc.constantFrom(
      undefined,
      ready(),
      retrying,
      ready({}, { deletionTimestamp: 'x' }),
      { ...ready(), status: {} },
      { ...ready(), status: { phase: 'NotReady' as const, observedGeneration: 1 } },
    ),
    siblings: fc.subarray([older, younger]),
    job: fc.constantFrom(undefined, job(), job({ type: 'Failed' }), job({ type: 'Complete' })),
    pods: fc.constantFrom([], [waitingPod], [pod({ phase: 'Running' })], [pod({ phase: 'Failed' })]),
    runSessions: fc.constantFrom('in-jobs' as const, 'in-process' as const),
    here: fc.constantFrom('no' as const, 'queued' as const, 'running' as const),
    now: fc.integer({ min: 0, max: 1_000 }),
    heldSince: fc.integer({ min: -100, max: 1_000 }),
  })
  .map(({ status, holder, hooks, now, heldSince, ...others }) =>
    world({
      ...others,
      now: at(now),
      heldSince: at(Math.min(heldSince, now)),
      session: session({
        status,
        ...(holder !== undefined && { holder }),
        ...(hooks && { annotations: { 'stash.appscode.com/hooks': '{}' } }),
      }),
    }),
  );

test('a final session stays as it is', () => {
  fc.assert(
    fc.property(anyWorld, (seen) => {
      if (!isFinal(seen.session)) return;
      const after = ['ignore', 'wait', 'tidy', 'schedule-retry', 'retry', 'stop-executor'];
      assert.ok(after.includes(decideBackupSession(seen).do));
    }),
  );
});

test('an unfinished session does not wait for ever, except for a living executor', () => {
  fc.assert(
    fc.property(anyWorld, (seen) => {
      if (isFinal(seen.session) || seen.here !== 'no') return;
      const action = decideBackupSession(seen);
      if (action.do === 'wait') assert.ok(action.until !== undefined && action.until > seen.now, action.why);
      // Long after the last renewal of its hold, the session is ended, skipped or carried out.
      const late = { ...seen, now: at(10_000) };
      assert.notEqual(decideBackupSession(late).do, 'wait');
    }),
  );
});

test('a session is never taken over from a living holder', () => {
  fc.assert(
    fc.property(anyWorld, (seen) => {
      const { holder, since } = seen.sighting;
      const isSilent = seen.now.getTime() - since.getTime() >= 30_000;
      if (holder === undefined || isSilent || holder.id === podName || seen.here !== 'no') return;
      const { do: next } = decideBackupSession(seen);
      assert.ok(!['end', 'run', 'give-back', 'ensure-job', 'skip'].includes(next), next);
    }),
  );
});

test('the operator never runs hooks of a command line, nor creates a Job for their session', () => {
  fc.assert(
    fc.property(anyWorld, (seen) => {
      if (seen.session.metadata.annotations?.['stash.appscode.com/hooks'] === undefined) return;
      if (isFinal(seen.session) || seen.job !== undefined) return;
      const { do: next } = decideBackupSession(seen);
      assert.ok(!['run', 'give-back', 'ensure-job'].includes(next), next);
    }),
  );
});

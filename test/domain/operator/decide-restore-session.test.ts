import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { keepRestoreSession } from '#src/domain/operator/kept-object.ts';
import { sight } from '#src/domain/session/holder.ts';
import {
  decideRestoreSession,
  type RestoreSessionAction,
  type RestoreSessionWorld,
} from '#src/domain/operator/decide-restore-session.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { stored } from '#test/domain/objects.ts';

import { at, job, jobName, pod, podName } from './session-worlds.ts';

const template: VolumeClaimTemplate = {
  metadata: { name: 'restored' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data-1' },
  },
};
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' };
const found = {
  type: 'RestoreTargetFound',
  status: 'True' as const,
  message: 'the session names no workload, and needs none',
};
const told = { phase: 'Pending' as const, conditions: [found] };
const running = { phase: 'Running' as const, sessionDeadline: at(605).toISOString(), conditions: [found] };

interface Changes {
  readonly spec?: Partial<RestoreSession['spec']>;
  readonly status?: RestoreSession['status'] | undefined;
  readonly holder?: string;
  readonly quiescedSince?: Date;
  readonly deleted?: boolean;
  readonly filesUntil?: string;
}

function restore({
  spec,
  status,
  holder,
  quiescedSince,
  deleted,
  filesUntil,
}: Changes = {}): Stored<RestoreSession> {
  return stored<RestoreSession>({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: {
      // The Job in session-worlds.ts has this UID as its owner's.
      name: 'r',
      uid: 'uid-of-backupsession-sts-db-1773457200',
      annotations: {
        ...(holder !== undefined && { 'stash.appscode.com/executor': holder }),
        ...(filesUntil !== undefined && { 'stash.appscode.com/files-until': filesUntil }),
        ...(quiescedSince && { 'stash.appscode.com/quiesced-since': quiescedSince.toISOString() }),
      },
      ...(deleted === true && { deletionTimestamp: 'x' }),
    },
    spec: { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates: [template] }, ...spec },
    ...(status && { status }),
  });
}

function world(
  changes: Partial<Omit<RestoreSessionWorld, 'sighting'>> & { readonly heldSince?: Date } = {},
): RestoreSessionWorld {
  const { heldSince, ...others } = changes;
  const session = keepRestoreSession(others.session ?? restore({ status: told }));
  const now = others.now ?? at(1);
  return {
    ...{ now, session, jobName, job: undefined, pods: [], runSessions: 'in-jobs', here: 'no' },
    ...{ ensured: false, quietSince: undefined, maxFreezeMs: 60_000 },
    isThere: () => false,
    ...others,
    session,
    sighting: sight(undefined, session, heldSince ?? now),
  };
}

function words(action: RestoreSessionAction): string {
  const seconds = (date: Date) => (date.getTime() - at(0).getTime()) / 1_000;
  switch (action.do) {
    case 'ignore':
      return `ignore${action.why === undefined ? '' : `: ${action.why}`}`;
    case 'ensure-job':
    case 'give-back':
      return action.do;
    case 'wait':
      return `wait${action.until ? ` until ${seconds(action.until)}` : ''}: ${action.why}`;
    case 'thaw':
    case 'stop-executor':
    case 'invalid':
      return `${action.do}: ${action.why}`;
    case 'tell-swap':
    case 'tell-stalled':
    case 'remove-files':
      return action.do;
    case 'tell-target':
      return `tell ${action.sighting.reason}: ${action.sighting.message}`;
    case 'run':
      return `run${action.replacing ? ` replacing ${action.replacing.id}` : ''}`;
    case 'end':
      return `end ${action.end.how}: ${action.end.why}`;
  }
}

const missing = {
  phase: 'Pending' as const,
  conditions: [{ ...found, status: 'False' as const, message: 'deployment/app does not exist' }],
};
const named = { target: { ref, volumeClaimTemplates: [template] } };

const exec = { exec: { command: ['true'] } };

const rows: [string, RestoreSessionWorld, string][] = [
  [
    'the default driver',
    world({ session: stored<RestoreSession>({ ...restore(), spec: {} }) }),
    'ignore: driver Restic, the default, is not supported: this operator carries out VolumeSnapshotter only',
  ],
  [
    'Restic',
    world({ session: restore({ spec: { driver: 'Restic' } }) }),
    'ignore: driver Restic is not supported: this operator carries out VolumeSnapshotter only',
  ],
  [
    'a command that reads files',
    world({ session: restore({ filesUntil: at(600).toISOString() }) }),
    'wait until 600: a command line reads the files of a restore point',
  ],
  [
    'a command that read files and has died',
    world({ session: restore({ filesUntil: at(-1).toISOString() }) }),
    'remove-files',
  ],
  [
    'the same, being deleted',
    world({ session: restore({ filesUntil: at(-1).toISOString(), deleted: true }) }),
    'ignore',
  ],
  [
    'files until no time',
    world({ session: restore({ filesUntil: 'soon' }) }),
    'wait: a command line reads the files of a restore point',
  ],
  ['being deleted', world({ session: restore({ deleted: true }) }), 'ignore'],
  [
    'without templates',
    world({ session: restore({ spec: { target: {} } }) }),
    'invalid: there are no spec.target.volumeClaimTemplates',
  ],
  [
    'with commands of its own',
    world({
      session: restore({
        spec: {
          runtimeSettings: {
            container: { lifecycle: { postStart: { exec: { command: ['id'] } } } },
          } as never,
        },
      }),
    }),
    'invalid: spec.runtimeSettings.container.lifecycle is refused: users who may write it may not be allowed to create ' +
      'pods',
  ],
  [
    'in another namespace',
    world({
      session: restore({
        spec: { target: { ref: { ...ref, namespace: 'other' }, volumeClaimTemplates: [template] } },
      }),
    }),
    'invalid: spec.target.ref.namespace is "other", which is not the session\'s namespace',
  ],
  [
    'new',
    world({ session: restore() }),
    'tell TargetAvailable: the session names no workload, and needs none',
  ],
  [
    'its target does not exist',
    world({ session: restore({ spec: named }) }),
    'tell TargetNotAvailable: deployment/app does not exist',
  ],
  [
    'its target is of an unsupported kind',
    world({
      session: restore({
        spec: { target: { ref: { kind: 'Pod', name: 'p' }, volumeClaimTemplates: [template] } },
      }),
    }),
    'tell UnableToCheckTargetAvailability: pod/p is of an unsupported kind',
  ],
  [
    'it waits for its target',
    world({ session: restore({ spec: named, status: missing }) }),
    'wait until 600: deployment/app does not exist',
  ],
  [
    'its target was created',
    world({ session: restore({ spec: named, status: missing }), isThere: () => true }),
    'tell TargetAvailable: deployment/app exists',
  ],
  [
    'its target was created, and it was told that it needs none',
    world({ session: restore({ spec: named, status: told }), isThere: () => true }),
    'tell TargetAvailable: deployment/app exists',
  ],
  [
    'its target is looked for in its own namespace',
    world({
      session: restore({ spec: named }),
      isThere: ({ kind, name, namespace }) => `${kind} ${namespace}/${name}` === 'Deployment demo/app',
    }),
    'tell TargetAvailable: deployment/app exists',
  ],
  [
    'its target has no name',
    world({
      session: restore({
        spec: { target: { ref: { kind: 'Deployment' }, volumeClaimTemplates: [template] } },
      }),
    }),
    'tell TargetNotAvailable: deployment/ does not exist',
  ],
  [
    'its target has no kind',
    world({
      session: restore({ spec: { target: { ref: { name: 'app' }, volumeClaimTemplates: [template] } } }),
    }),
    'tell UnableToCheckTargetAvailability: /app is of an unsupported kind',
  ],
  [
    'Running without a holder, and its target was deleted',
    world({ session: restore({ spec: named, status: { ...running, conditions: [] } }) }),
    'ensure-job',
  ],
  [
    'with a Job, and its target was deleted',
    world({ session: restore({ spec: named }), job: job() }),
    'ensure-job',
  ],
  [
    'its target was not created before the deadline',
    world({ session: restore({ spec: { ...named, timeOut: '1m' }, status: missing }), now: at(60) }),
    'end late: deployment/app does not exist',
  ],
  ['with the condition about its target, without a Job', world(), 'ensure-job'],
  ['with the condition about its target, to be run here', world({ runSessions: 'in-process' }), 'run'],
  ['its deadline passed while no operator ran', world({ now: at(631) }), 'end late: no executor started it'],
  [
    'its Job waits',
    world({ job: job(), ensured: true }),
    'wait until 605: no pod has been created for it yet',
  ],
  [
    'its Job failed',
    world({
      session: restore({ status: running }),
      job: job({ type: 'Failed', message: 'limit' }),
      ensured: true,
    }),
    `end disrupted: job ${jobName} failed: limit`,
  ],
  [
    'its Job was deleted',
    world({ session: restore({ status: running }), ensured: true }),
    `end disrupted: job ${jobName} was deleted`,
  ],
  [
    'its pod carries it out',
    world({
      session: restore({ status: running, holder: `${podName} 1` }),
      job: job(),
      pods: [pod({ phase: 'Running' })],
      ensured: true,
    }),
    `wait until 31: ${podName} carries the session out`,
  ],
  [
    'its pod hangs',
    world({
      session: restore({ status: running, holder: `${podName} 1` }),
      job: job(),
      pods: [pod({ phase: 'Running' })],
      ensured: true,
      now: at(640),
    }),
    'stop-executor: the deadline has passed',
  ],
  [
    'a command line holds it',
    world({ session: restore({ holder: 'cli-1 1' }), now: at(1) }),
    'wait until 31: cli-1 carries the session out',
  ],
  [
    'a command line that held it is dead',
    world({ session: restore({ status: running, holder: 'cli-1 1' }), heldSince: at(0), now: at(31) }),
    'give-back',
  ],
  ['Succeeded', world({ session: restore({ status: { phase: 'Succeeded' } }) }), 'wait: it has ended'],
  [
    'Succeeded, its Job is about to end',
    world({ session: restore({ status: { phase: 'Succeeded', sessionDuration: '5s' } }), job: job() }),
    'wait until 65: it has ended',
  ],
  [
    'Succeeded, its Job is complete',
    world({
      session: restore({ status: { phase: 'Succeeded', sessionDuration: '5s' } }),
      ...{ job: job({ type: 'Complete' }), now: at(65) },
    }),
    'wait: it has ended',
  ],
  [
    'Succeeded, its Job hangs',
    world({
      session: restore({ status: { phase: 'Succeeded', sessionDuration: '5s' } }),
      job: job(),
      now: at(65),
    }),
    'stop-executor: the session has ended',
  ],
];

const frozen = { spec: { hooks: { preRestore: exec, postRestore: exec } }, quiescedSince: at(100) };

const freezes: [string, RestoreSessionWorld, string][] = [
  [
    'that runs longer than an application may stay quiesced for a snapshot',
    world({
      session: restore({ ...frozen, status: running, holder: `${podName} 9` }),
      ...{ job: job(), pods: [pod({ phase: 'Running' })], ensured: true },
      ...{ now: at(400), heldSince: at(395), quietSince: at(100) },
    }),
    `wait until 425: ${podName} carries the session out`,
  ],
  [
    'whose pod has just died',
    world({
      session: restore({ ...frozen, status: running, holder: `${podName} 9` }),
      ...{ job: job(), pods: [pod({ phase: 'Failed' })], ensured: true },
      ...{ now: at(400), heldSince: at(395), quietSince: at(100) },
    }),
    `wait until 425: its next pod has not been created yet: pod ${podName} failed`,
  ],
  [
    'whose pod has died, and no other continues',
    world({
      session: restore({ ...frozen, status: running, holder: `${podName} 9` }),
      ...{ job: job(), pods: [pod({ phase: 'Failed' })], ensured: true },
      ...{ now: at(425), heldSince: at(395), quietSince: at(100) },
    }),
    `thaw: no executor thawed the application within 1m: its next pod has not been created yet: pod ${podName} failed`,
  ],
];

for (const [name, seen, expected] of freezes) {
  test(`a restore that keeps its application quiesced: one ${name}`, () => {
    assert.equal(words(decideRestoreSession(seen)), expected);
  });
}

for (const [name, seen, expected] of rows) {
  test(`the next step for a restore: ${name}`, () => {
    assert.equal(words(decideRestoreSession(seen)), expected);
  });
}

test('an unfinished restore reaches an end, and a final one stays as it is', () => {
  const anyWorld = fc
    .record({
      status: fc.constantFrom(undefined, told, running, missing, { phase: 'Succeeded' as const }),
      holder: fc.constantFrom(undefined, '', 'cli-1 2', `${podName} 3`),
      spec: fc.constantFrom({}, named, { target: {} }),
      job: fc.constantFrom(undefined, job(), job({ type: 'Failed' }), job({ type: 'Complete' })),
      runSessions: fc.constantFrom('in-jobs' as const, 'in-process' as const),
      ensured: fc.boolean(),
      now: fc.integer({ min: 0, max: 1_000 }),
    })
    .map(({ status, holder, spec, now, ...others }) =>
      world({
        ...others,
        now: at(now),
        session: restore({ spec, status, ...(holder !== undefined && { holder }) }),
      }),
    );
  fc.assert(
    fc.property(anyWorld, (seen) => {
      const action = decideRestoreSession(seen);
      if (isFinal(seen.session)) {
        assert.ok(['wait', 'stop-executor'].includes(action.do));
        return;
      }
      if (action.do === 'wait') assert.ok(action.until !== undefined && action.until > seen.now);
      assert.notEqual(decideRestoreSession({ ...seen, now: at(10_000) }).do, 'wait');
    }),
  );
});

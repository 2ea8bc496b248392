/** The status that the operator writes to sessions that it does not carry out, and the words for their ends. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { demandAllowed } from '#src/domain/operator/build-job-rights.ts';
import { whyInvalidRestore } from '#src/domain/operator/check-restore.ts';
import { backupEnd, restoreEnd } from '#src/domain/operator/end-words.ts';
import { skipped, withExecutor } from '#src/domain/operator/mark-backup.ts';
import { withPending } from '#src/domain/operator/mark-restore.ts';
import { isStashError } from '#src/errors.ts';
import { restoreSession } from '#test/domain/objects.ts';

import { at, ready, session } from './session-worlds.ts';

const now = at(5);
const lastTransitionTime = now.toISOString();
const condition = { type: 'BackupExecutorEnsured', status: 'True' as const };
const known = { ...condition, lastTransitionTime: at(1).toISOString() };
const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };

test('a session that waits for its executor is Pending, and has its deadline and its target', () => {
  const targets = [{ ref, phase: 'Pending', conditions: [{ ...condition, lastTransitionTime }] }];
  assert.deepEqual(withExecutor(session(), ready({ timeOut: '1m' }), condition, now), {
    phase: 'Pending',
    sessionDeadline: at(60).toISOString(),
    targets,
  });
  const unknown = withExecutor(session(), undefined, condition, now);
  assert.equal(unknown.sessionDeadline, at(600).toISOString());
  assert.deepEqual(unknown.targets, [
    { phase: 'Pending', conditions: [{ ...condition, lastTransitionTime }] },
  ]);
  const bare = withExecutor(session(), ready({ target: {} }), condition, now);
  assert.deepEqual(bare.targets, unknown.targets);
  const without = ready();
  delete without.spec.target;
  assert.deepEqual(withExecutor(session(), without, condition, now).targets, unknown.targets);
});

test('a session that runs keeps its phase, its deadline and its targets', () => {
  const others = [{ phase: 'Failed' as const }];
  const status = {
    phase: 'Running' as const,
    sessionDeadline: at(30).toISOString(),
    targets: [{ phase: 'Running' as const, totalHosts: 2, conditions: [known] }, ...others],
  };
  assert.deepEqual(withExecutor(session({ status }), ready(), condition, now), {
    ...status,
    targets: [{ ref, phase: 'Running', totalHosts: 2, conditions: [known] }, ...others],
  });
});

test('a skipped session says why, and how long after its creation', () => {
  const status = { sessionDeadline: 'x', conditions: [known] };
  assert.deepEqual(skipped(session({ status }), 'paused', now), {
    ...status,
    phase: 'Skipped',
    sessionDuration: '5s',
    conditions: [
      known,
      {
        ...{ type: 'BackupSkipped', status: 'True', reason: 'SkippedTakingNewBackup' },
        ...{ message: 'paused', lastTransitionTime },
      },
    ],
  });
  assert.equal(skipped(session(), 'paused', now).conditions?.length, 1);
});

test('a restore that waits is Pending, and has its deadline; one that runs keeps both', () => {
  const told = [{ ...condition, lastTransitionTime }];
  const limited: Stored<RestoreSession> = {
    ...restoreSession(),
    spec: { ...restoreSession().spec, timeOut: '1m' },
  };
  const pending = { phase: 'Pending', sessionDeadline: at(60).toISOString(), conditions: told };
  assert.deepEqual(withPending(limited, condition, now), pending);
  assert.equal(withPending(restoreSession(), condition, now).sessionDeadline, at(600).toISOString());
  const status = { phase: 'Running' as const, sessionDeadline: 'x', totalHosts: 2, conditions: [known] };
  assert.deepEqual(withPending(restoreSession(status), condition, now), status);
});

suite('the Event of a backup that ended says', () => {
  const failed = { status: 'False' as const, message: 'of the session' };
  const rows: [string, BackupSession['status'], string][] = [
    ['that nothing is known of it', undefined, 'BackupUnknown: no reason is given in its status'],
    [
      'the reasons of the session, of its target and of its claims',
      {
        phase: 'Failed',
        conditions: [{ type: 'BackupDisrupted', ...failed }],
        targets: [
          {
            conditions: [{ type: 'BackupExecutorEnsured', status: 'False', reason: 'of the target' }],
            stats: [{ hostname: 'data', error: 'of the claim' }, { hostname: 'logs' }, { error: 'x' }],
          },
          {},
        ],
      },
      'BackupFailed: of the session; of the target; data: of the claim; : x',
    ],
    [
      'one cause once',
      {
        phase: 'Failed',
        conditions: [
          { type: 'A', ...failed },
          { type: 'B', ...failed },
          { type: 'C', status: 'False' },
        ],
      },
      'BackupFailed: of the session',
    ],
    [
      'nothing of conditions that are as they should be',
      { phase: 'Failed', conditions: [{ type: 'A', status: 'True', message: 'fine' }] },
      'BackupFailed: no reason is given in its status',
    ],
    [
      'no duration of a session that was skipped',
      {
        phase: 'Skipped',
        sessionDuration: '5s',
        conditions: [{ type: 'BackupSkipped', status: 'True', message: 'paused' }],
      },
      'BackupSkipped: paused',
    ],
    [
      'how many snapshots are ready',
      {
        phase: 'Succeeded',
        targets: [{ stats: [{ phase: 'Succeeded' }, { phase: 'Failed' }, { phase: 'Succeeded' }] }],
      },
      'BackupSucceeded: all 2 snapshots are ready',
    ],
  ];
  for (const [what, status, words] of rows) {
    test(what, () => {
      const { reason, message } = backupEnd(session({ status }));
      assert.equal(`${reason}: ${message}`, words);
    });
  }
});

suite('the Event of a restore that ended says', () => {
  const rows: [string, RestoreSession['status'], string][] = [
    [
      'which claims are not bound yet',
      {
        phase: 'Unknown',
        stats: [
          { hostname: 'a', phase: 'Unknown' },
          { hostname: 'b', phase: 'Succeeded' },
          { hostname: 'c', phase: 'Unknown' },
          { phase: 'Unknown' },
        ],
      },
      'Normal RestoreUnknown: the claims exist, and are bound once a pod uses them: a, c, ',
    ],
    [
      'that all claims are bound, and when',
      { phase: 'Succeeded', sessionDuration: '1m0s', stats: [{ hostname: 'a' }, { hostname: 'b' }] },
      'Normal RestoreSucceeded: all 2 claims are bound (after 1m)',
    ],
    [
      'why it failed, and when',
      { phase: 'Failed', sessionDuration: '1m0s', stats: [{ hostname: 'a', error: 'gone' }] },
      'Warning RestoreFailed: a: gone (after 1m)',
    ],
    [
      'that nothing is known of it',
      undefined,
      'Normal RestoreUnknown: the claims exist, and are bound once a pod uses them: ',
    ],
  ];
  for (const [what, status, words] of rows) {
    test(what, () => {
      const { type, reason, message } = restoreEnd(restoreSession(status));
      assert.equal(`${type} ${reason}: ${message}`, words);
    });
  }
});

suite('a restore session is', () => {
  const template = {
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce' as const],
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' },
    },
  };
  const target = { volumeClaimTemplates: [template] };
  const rows: [string, Partial<RestoreSession['spec']>, string | undefined][] = [
    ['valid', { target }, undefined],
    ['valid with the name of its target', { target: { ...target, ref } }, undefined],
    [
      'invalid with a name that no object can have',
      { target: { ...target, ref: { ...ref, name: 'D B' } } },
      'spec.target.ref.name "D B" cannot be the name of an object',
    ],
    ['valid with a target without a name', { target: { ...target, ref: { name: '' } } }, undefined],
    [
      'invalid with a time limit of nothing',
      { target, timeOut: '0' },
      'spec.timeOut "0" must be greater than zero',
    ],
    ['valid with the shortest time limit', { target, timeOut: '1ms' }, undefined],
    [
      'invalid with settings of pods that are refused',
      { target, runtimeSettings: { pod: { priority: 'high' } } as never },
      'spec.runtimeSettings.pod.priority must be an integer, not "high"',
    ],
  ];
  for (const [what, spec, why] of rows) {
    test(what, () => {
      const one = { ...restoreSession(), spec: { ...restoreSession().spec, ...spec } };
      assert.equal(whyInvalidRestore(one), why);
    });
  }
});

test('an account is used for Jobs only with the label that allows it', () => {
  const account = (labels?: Record<string, string>) => ({
    ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
    metadata: { name: 'cloud', namespace: 'demo', ...(labels && { labels }) },
  });
  demandAllowed(account({ 'stash.appscode.com/jobs': 'allowed' }), 'serviceAccountName');
  for (const one of [account(), account({}), account({ 'stash.appscode.com/jobs': 'no' })]) {
    assert.throws(
      () => {
        demandAllowed(one, 'serviceAccountAnnotations');
      },
      (error) =>
        isStashError(error, 'precondition') &&
        error.message ===
          'spec.runtimeSettings.pod.serviceAccountAnnotations is refused: serviceaccount/cloud does not have the label stash.appscode.com/jobs=allowed' &&
        error.hint === 'kubectl label serviceaccount cloud -n demo stash.appscode.com/jobs=allowed',
    );
  }
});

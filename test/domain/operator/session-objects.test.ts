/** The objects built for a session: its Job, its retry, its final status. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { holderLife, isPodNameOf } from '#src/domain/session/holder-life.ts';
import { sight } from '#src/domain/session/holder.ts';
import { buildBackupJob, buildRestoreJob } from '#src/domain/operator/build-session-job.ts';
import { failedBackup, failedRestore } from '#src/domain/session/end-status.ts';
import { backupEnd, restoreEnd } from '#src/domain/operator/end-words.ts';
import { decideRetry } from '#src/domain/operator/retry.ts';
import { targetAnnotation } from '#src/domain/workload/target.ts';
import { restoreSession, target } from '#test/domain/objects.ts';

import { at, ensured, jobName, pod, podName, ready, session } from './session-worlds.ts';

const options = { image: 'ghcr.io/x:v1', maxFreezeMs: 90_000 };

test("a snapshotter Job runs this program under the configuration's account, and is owned by its session", () => {
  const { apiVersion, kind, metadata, spec } = buildBackupJob(session(), ready(), options);
  assert.deepEqual([apiVersion, kind], ['batch/v1', 'Job']);
  assert.equal(metadata.name, jobName);
  assert.deepEqual(metadata.labels, {
    'app.kubernetes.io/managed-by': 'kubectl-stash',
    'app.kubernetes.io/component': 'snapshotter',
  });
  assert.deepEqual(metadata.ownerReferences, [
    {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'BackupSession',
      name: 'sts-db-1773457200',
      uid: session().metadata.uid,
      controller: true,
    },
  ]);
  assert.equal(spec?.backoffLimit, 3);
  assert.equal(spec.podReplacementPolicy, 'Failed');
  const { serviceAccountName, restartPolicy, containers } = spec.template.spec;
  assert.deepEqual([serviceAccountName, restartPolicy], ['stash-sts-db', 'Never']);
  assert.deepEqual(
    containers[0]?.args?.join(' '),
    'operator create-vs --backupsession sts-db-1773457200 --max-freeze 1m30s -n demo',
  );
});

test('a Job with refused runtimeSettings is never built', () => {
  const runtimeSettings = { container: { livenessProbe: { exec: { command: ['id'] } } } } as never;
  assert.throws(() => buildBackupJob(session(), ready({ runtimeSettings }), options), {
    kind: 'invalid',
    message: /livenessProbe is refused/,
  });
});

test('a Job is told the most claims of a session where that is not the default', () => {
  const argsOf = (claimsPerSession: number) =>
    buildBackupJob(session(), ready(), { ...options, claimsPerSession })
      .spec?.template.spec.containers[0]?.args?.slice(6)
      .join(' ');
  assert.equal(argsOf(20), '--claims-per-session 20 -n demo');
  assert.equal(argsOf(1_000), '-n demo');
});

test('a restore Job runs under the account of its session', () => {
  const { metadata, spec } = buildRestoreJob(restoreSession(), options);
  assert.equal(metadata.name, 'stash-restore-restore-sts-db-1773457200');
  const { serviceAccountName, containers } = spec?.template.spec ?? {};
  assert.equal(serviceAccountName, 'stash.restore-restore-sts-db-1773457200');
  assert.equal(metadata.labels?.['app.kubernetes.io/component'], 'restorer');
  assert.deepEqual(
    containers?.[0]?.args?.join(' '),
    'operator restore-vs --restoresession restore-sts-db-1773457200 -n demo',
  );
});

test('a session is retried as often as its configuration allows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 6 }),
      fc.constantFrom('0', '5s', '1.5s', '', 'nonsense'),
      (maxRetry, delay) => {
        const configuration = ready({ retryConfig: { maxRetry, delay } });
        const names = new Set<string>();
        let current = session({
          annotations: targetAnnotation(target),
          status: { phase: 'Failed', sessionDuration: '1.2s' },
        });
        for (let made = 0; made <= 10; made += 1) {
          const first = decideRetry({ now: at(2), session: current, configuration, siblings: [] });
          if (first.do === 'none') {
            assert.equal(made, maxRetry);
            return;
          }
          assert.ok(first.do === 'schedule' && first.at.getTime() % 1_000 === 0);
          const scheduled = { ...current, status: { ...current.status, nextRetry: first.at.toISOString() } };
          const due = decideRetry({ now: first.at, session: scheduled, configuration, siblings: [] });
          assert.ok(due.do === 'create');
          // Repeated calls, at any time, return the same session.
          const again = decideRetry({ now: at(9_999), session: scheduled, configuration, siblings: [] });
          assert.deepEqual(again, due);
          const { name } = due.session.metadata;
          assert.ok(!names.has(name));
          names.add(name);
          assert.equal(due.session.metadata.labels?.['stash.appscode.com/trigger'], current.metadata.uid);
          const { annotations } = due.session.metadata;
          assert.deepEqual(annotations, targetAnnotation(target));
          current = session({
            name,
            annotations,
            createdAt: first.at,
            spec: due.session.spec,
            status: { phase: 'Failed', sessionDuration: '1.2s' },
          });
        }
        assert.fail('it goes on for ever');
      },
    ),
  );
});

test('the final status that an operator writes keeps the existing fields', () => {
  const present = {
    phase: 'Running' as const,
    sessionDeadline: 'x',
    targets: [{ phase: 'Running' as const, totalHosts: 2, conditions: [ensured] }],
    conditions: [{ type: 'Other', status: 'True' as const }],
  };
  const common = { ref: { name: 'db' }, timeoutMs: 60_000, now: at(75) };
  const of = (how: 'disrupted' | 'late' | 'not-ensured') =>
    failedBackup(session(), { end: { how, why: 'because' }, ...common })(present);
  const disrupted = of('disrupted');
  assert.deepEqual(
    [disrupted.phase, disrupted.sessionDuration, disrupted.sessionDeadline],
    ['Failed', '1m15s', 'x'],
  );
  assert.deepEqual(disrupted.targets, [
    { ref: { name: 'db' }, phase: 'Failed', totalHosts: 2, conditions: [ensured] },
  ]);
  assert.deepEqual(
    disrupted.conditions?.map(({ type, reason, message }) => [type, reason, message]),
    [
      ['Other', undefined, undefined],
      ['BackupDisrupted', 'FailedToCompleteDueToDisruption', 'because'],
    ],
  );
  assert.deepEqual(
    of('late').conditions?.map(({ message }) => message),
    [undefined, 'not done within 1m: because'],
  );
  const [target] = of('not-ensured').targets ?? [];
  assert.deepEqual(
    target?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [['BackupExecutorEnsured', 'False', 'FailedToEnsureBackupExecutor']],
  );
  const restore = failedRestore(restoreSession(), {
    end: { how: 'disrupted', why: 'because' },
    timeoutMs: 60_000,
    now: at(75),
  })(undefined);
  assert.deepEqual(
    restore.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    [['RestoreCompleted', 'False', 'PostRestoreTasksNotExecuted', 'because']],
  );
});

test('the Event about the end of a session', () => {
  const words = (status: NonNullable<ReturnType<typeof session>['status']>) => {
    const { type, reason, message } = backupEnd(session({ status }));
    return `${type} ${reason}: ${message}`;
  };
  const sessionDuration = '12s';
  const host = { hostname: 'data-0', phase: 'Succeeded' as const };
  assert.equal(
    words({ phase: 'Succeeded', sessionDuration, targets: [{ stats: [host, host] }] }),
    'Normal BackupSucceeded: all 2 snapshots are ready (after 12s)',
  );
  assert.equal(
    words({ phase: 'Succeeded', sessionDuration, targets: [{ stats: [host] }] }),
    'Normal BackupSucceeded: its snapshot is ready (after 12s)',
  );
  assert.equal(
    words({
      phase: 'Failed',
      sessionDuration,
      targets: [
        { stats: [{ hostname: 'data-0', phase: 'Failed', error: 'disk\nfull' }], conditions: [ensured] },
      ],
      conditions: [
        { type: 'RetentionPolicyApplied', status: 'False', reason: 'FailedToApplyRetentionPolicy' },
      ],
    }),
    'Warning BackupFailed: data-0: disk full (after 12s)',
  );
  assert.equal(
    words({ phase: 'Skipped', conditions: [{ type: 'BackupSkipped', status: 'True', message: 'why' }] }),
    'Normal BackupSkipped: why',
  );
  assert.equal(words({ phase: 'Failed' }), 'Warning BackupFailed: no reason is given in its status');
  const restore = (status: NonNullable<ReturnType<typeof restoreSession>['status']>) => {
    const { type, reason, message } = restoreEnd(restoreSession(status));
    return `${type} ${reason}: ${message}`;
  };
  assert.equal(
    restore({ phase: 'Unknown', stats: [{ hostname: 'data-0', phase: 'Unknown' }] }),
    'Normal RestoreUnknown: the claims exist, and are bound once a pod uses them: data-0',
  );
  assert.equal(
    restore({ phase: 'Succeeded', stats: [{ hostname: 'data-0', phase: 'Succeeded' }] }),
    'Normal RestoreSucceeded: its claim is bound',
  );
  assert.equal(
    restore({
      phase: 'Invalid',
      conditions: [
        { type: 'RestoreTargetFound', status: 'False', message: 'x' },
        { type: 'RestoreCompleted', status: 'False', message: 'why' },
      ],
    }),
    'Warning RestoreInvalid: why',
  );
});

test('a holder that is a pod of the Job is as alive as its pod', () => {
  const life = (
    holder: string | undefined,
    pods: Parameters<typeof holderLife>[0]['pods'],
    silentFor = 0,
  ) => {
    const seen = session(holder === undefined ? {} : { holder });
    const sighting = sight(undefined, seen, at(0));
    return holderLife({ sighting, jobName, pods }, at(silentFor)).state;
  };
  assert.equal(life(undefined, []), 'none');
  assert.equal(life('', []), 'none');
  assert.equal(life('cli-1 1', []), 'living');
  assert.equal(life('cli-1 1', [], 30), 'dead');
  assert.equal(life(`${podName} 1`, [pod({ phase: 'Running' })]), 'living');
  assert.equal(life(`${podName} 1`, [pod({ phase: 'Running' })], 30), 'dead');
  assert.equal(life(`${podName} 1`, [pod({ phase: 'Failed' })]), 'dead');
  assert.equal(life(`${podName} 1`, []), 'gone');
});

test('Kubernetes shortens the name of a Job in the names of its pods', () => {
  const long = `stash-vs-${'x'.repeat(54)}`;
  assert.ok(isPodNameOf(`${long.slice(0, 58)}abcde`, long));
  assert.ok(!isPodNameOf('stash-vs-other-abcde', 'stash-vs-s1'));
  assert.ok(!isPodNameOf('stash-vs-s10', 'stash-vs-s1'));
});

/**
 * Whatever a definition admits, no decision throws anything but a StashError, takes long, or needs much memory: one
 * object must not stop the operator, which works for all namespaces.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { backupConfigurationDefinition } from '#src/api/crds/backup-configuration.ts';
import { backupSessionDefinition } from '#src/api/crds/backup-session.ts';
import { restoreSessionDefinition, restoreSessionSchema } from '#src/api/crds/restore-session.ts';
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { backupHookState } from '#src/domain/backup/backup-claims.ts';
import { backupVerdict } from '#src/domain/backup/backup-verdict.ts';
import { followedClaims as followedSnapshots } from '#src/domain/backup/followed-claims.ts';
import { chooseConfiguration } from '#src/domain/configuration/choose-configuration.ts';
import { targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { hooksOfBackup, hooksOfRestore, retriesLeft } from '#src/domain/hooks/hooks.ts';
import { interruption, mayBeStopped } from '#src/domain/in-place/interrupted.ts';
import { swappedClaims } from '#src/domain/in-place/swapped-claims.ts';
import { refuseDuringSwap } from '#src/domain/in-place/unfinished-swap.ts';
import { buildCronJob } from '#src/domain/operator/build-cron-job.ts';
import { buildJobRights } from '#src/domain/operator/build-job-rights.ts';
import { buildBackupJob, buildRestoreJob } from '#src/domain/operator/build-session-job.ts';
import {
  checkConfiguration,
  configuredTarget,
  hostWarnings,
} from '#src/domain/operator/check-configuration.ts';
import { whyInvalidRestore } from '#src/domain/operator/check-restore.ts';
import { decideBackupSession } from '#src/domain/operator/decide-backup-session.ts';
import { decideConfiguration } from '#src/domain/operator/decide-configuration.ts';
import { decideRestoreSession } from '#src/domain/operator/decide-restore-session.ts';
import { backupEnd, restoreEnd } from '#src/domain/operator/end-words.ts';
import {
  keepBackupSession,
  keepConfiguration,
  keepRestoreSession,
} from '#src/domain/operator/kept-object.ts';
import { skipped, withExecutor } from '#src/domain/operator/mark-backup.ts';
import { withPending } from '#src/domain/operator/mark-restore.ts';
import { decideRetry } from '#src/domain/operator/retry.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { namesInUse } from '#src/domain/restore-points/snapshots-to-restore.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { checkRestoreSession } from '#src/domain/restore/check-restore-session.ts';
import { restoreHookState } from '#src/domain/restore/decide-restore.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { followedClaims } from '#src/domain/restore/followed-claims.ts';
import { restoreVerdict } from '#src/domain/restore/restore-verdict.ts';
import { sessionsToForget } from '#src/domain/retention/history.ts';
import { planRetention } from '#src/domain/retention/retention.ts';
import { tidyingLeft } from '#src/domain/retention/tidy-conditions.ts';
import { nextRun } from '#src/domain/schedule.ts';
import { schemaProblems } from '#src/domain/schema-problems.ts';
import { endedAt } from '#src/domain/session/ended-at.ts';
import { failedBackup, failedRestore, invalidRestore } from '#src/domain/session/end-status.ts';
import { readHolder, sight } from '#src/domain/session/holder.ts';
import { deadlineOf, durationSince, timeLimitMs } from '#src/domain/session/session-status.ts';
import { unknownFields } from '#src/domain/unknown-fields.ts';
import { readTarget, targetOfRef } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';
import { configuration as soundConfiguration, target } from '#test/domain/objects.ts';

import { arbitraryObject } from './arbitrary-object.ts';

const now = new Date('2026-03-14T03:00:10Z');
const job = { image: 'i', maxFreezeMs: 60_000 };
const ensured = { type: 'E', status: 'True' } as const;
const end = { how: 'late', why: 'w' } as const;
const invoker = { name: 'sts-db', namespace: 'demo' };
const followed = { claims: new Map<string, Stored<PersistentVolumeClaim>>(), classes: [], pods: [] };

type Decisions<T> = Readonly<Record<string, (object: T) => unknown>>;

function executorWorld<S extends Stored<BackupSession> | Stored<RestoreSession>>(session: S) {
  return {
    ...{ now, session, jobName: 'j', job: undefined, pods: [] },
    ...({ runSessions: 'in-jobs', here: 'no' } as const),
    ...{ ensured: false, quietSince: undefined, maxFreezeMs: 60_000 },
    sighting: sight(undefined, session, now),
  };
}

const ofConfiguration: Decisions<Stored<BackupConfiguration>> = {
  checkConfiguration,
  configuredTarget,
  keepConfiguration,
  targetOfConfiguration,
  hostWarnings: ({ spec }) => hostWarnings(spec.hooks),
  decideConfiguration: (configuration) =>
    decideConfiguration({
      ...{ configuration, sight: 'found', cronJob: undefined, settled: undefined, rightsMade: true },
      ...{ trouble: undefined, unfinished: [], options: job, now },
    }),
  'decideConfiguration of the cache': (configuration) =>
    decideConfiguration({
      ...{
        configuration: keepConfiguration(configuration),
        sight: 'found',
        cronJob: undefined,
        settled: undefined,
      },
      ...{ rightsMade: true, trouble: undefined, unfinished: [], options: job, now },
    }),
  buildCronJob: (configuration) =>
    checkConfiguration(configuration).problems.length === 0 && buildCronJob(configuration, job),
  buildJobRights: (configuration) => buildJobRights(configuration, []),
  chooseConfiguration: (configuration) => chooseConfiguration([configuration], target, undefined),
  nextRun: ({ spec }) => nextRun(spec.schedule ?? '', now),
  planRetention: ({ spec }) =>
    planRetention(invoker, [], spec.retentionPolicy, { line: 'schedule', now: new Date(), inUse: new Set() }),
  timeLimitMs: ({ spec }) => timeLimitMs(spec.timeOut),
};

const ready = {
  ...soundConfiguration('sts-db', { retryConfig: { maxRetry: 3, delay: '1m' } }),
  status: { phase: 'Ready', observedGeneration: 1 },
} as const;

const ofBackup: Decisions<Stored<BackupSession>> = {
  keepBackupSession,
  backupEnd,
  backupHookState,
  endedAt,
  deadlineOf,
  readHolder,
  readTarget,
  backupVerdict: (session) => backupVerdict(session, []),
  followedClaims: (session) => followedSnapshots(session, []),
  hooksOfBackup: (session) => hooksOfBackup(session, ready),
  retriesLeft: (session) => retriesLeft(session, ready),
  decideBackupSession: (session) =>
    decideBackupSession({
      ...executorWorld(session),
      configuration: ready,
      siblings: [session],
      swap: undefined,
      executedHere: true,
    }),
  decideRetry: (session) => decideRetry({ now, session, configuration: ready, siblings: [] }),
  buildBackupJob: (session) => buildBackupJob(session, ready, job),
  withExecutor: (session) => withExecutor(session, ready, ensured, now),
  skipped: (session) => skipped(session, 'w', now),
  failedBackup: (session) =>
    failedBackup(session, { end, ref: undefined, timeoutMs: 1, now })(session.status),
  durationSince: (session) => durationSince(session, now),
  restorePoints: (session) => restorePoints([], [session]),
  sessionsToForget: (session) => sessionsToForget({ invoker, sessions: [session], limit: 0, ended: 'x' }),
  tidyingLeft: (session) => tidyingLeft(session, ready),
  readSessionClaims: ({ metadata }) => readSessionClaims(metadata.annotations),
  targetOfRef: (session) => targetOfRef(session.status?.targets?.[0]?.ref, session),
};

const ofRestore: Decisions<Stored<RestoreSession>> = {
  expandTemplates,
  whyInvalidRestore,
  keepRestoreSession,
  restoreEnd,
  restoreHookState,
  hooksOfRestore,
  readTarget,
  restoreVerdict: (session) => restoreVerdict(session, []),
  followedClaims: (session) => followedClaims(session, followed),
  decideRestoreSession: (session) =>
    decideRestoreSession({ ...executorWorld(keepRestoreSession(session)), isThere: () => true }),
  refuseDuringSwap: (session) =>
    refuseDuringSwap({ kind: 'StatefulSet', name: 'db', namespace: 'demo' }, [session]),
  mayBeStopped,
  interruption,
  swappedClaims,
  namesInUse: (session) => namesInUse([], [session]),
  buildRestoreJob: (session) => buildRestoreJob(session, job),
  buildJobRights: (session) => buildJobRights(session, []),
  withPending: (session) => withPending(session, ensured, now),
  failedRestore: (session) => failedRestore(session, { end, timeoutMs: 1, now })(session.status),
  invalidRestore: (session) => invalidRestore(session, 'w', now)(session.status),
  checkRestoreSession: (session) => checkRestoreSession([session], 'file'),
  schemaProblems: (session) => schemaProblems(session, restoreSessionSchema),
  unknownFields: (session) => unknownFields(session, restoreSessionSchema),
};

const mostMs = 50;
const mostBytes = 50 * 1024 * 1024;

/** The least of five measurements: a garbage collection or the compiler may fall into one of them. */
function measure(work: () => unknown): { ms: number; bytes: number } {
  let best = { ms: Infinity, bytes: Infinity };
  for (let run = 0; run < 5 && (best.ms > mostMs || best.bytes > mostBytes); run += 1) {
    const memory = process.memoryUsage().heapUsed;
    const { user, system } = process.cpuUsage();
    try {
      work();
    } catch (error) {
      if (!isStashError(error)) throw error;
    }
    const used = process.cpuUsage();
    const ms = (used.user - user + used.system - system) / 1_000;
    const bytes = process.memoryUsage().heapUsed - memory;
    best = { ms: Math.min(best.ms, ms), bytes: Math.min(best.bytes, bytes) };
  }
  return best;
}

function fuzz<T>(objects: fc.Arbitrary<T>, decisions: Decisions<T>): void {
  fc.assert(
    fc.property(objects, (object) => {
      for (const [name, decide] of Object.entries(decisions)) {
        let cost: ReturnType<typeof measure>;
        try {
          cost = measure(() => decide(object));
        } catch (error) {
          throw new Error(`${name} threw`, { cause: error });
        }
        assert.ok(cost.ms <= mostMs, `${name} took ${cost.ms} ms`);
        assert.ok(cost.bytes <= mostBytes, `${name} took ${cost.bytes} bytes`);
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
}

test('a BackupConfiguration', () => {
  fuzz(arbitraryObject(backupConfigurationDefinition, backupConfigurations), ofConfiguration);
});

test('a BackupSession', () => {
  fuzz(arbitraryObject(backupSessionDefinition, backupSessions), ofBackup);
});

test('a RestoreSession', () => {
  fuzz(arbitraryObject(restoreSessionDefinition, restoreSessions), ofRestore);
});

/** All checks of `doctor`, in the order in which it runs and prints them: causes before their consequences. */
import { admission } from './admission.ts';
import { appscode } from './appscode.ts';
import type { Check } from './check.ts';
import { claims } from './claims.ts';
import { classSecrets } from './class-secrets.ts';
import { configurationOwner } from './configuration-owner.ts';
import { configurationChoice } from './configuration-choice.ts';
import { configurationValid } from './configuration-valid.ts';
import { configurations } from './configurations.ts';
import { cronJob } from './cron-job.ts';
import { csiDriver } from './csi-driver.ts';
import { deletionPolicy } from './deletion-policy.ts';
import { limitsOfDriver } from './driver-limits.ts';
import { driverSidecar } from './driver-sidecar.ts';
import { drivers } from './drivers.ts';
import { gitops } from './gitops.ts';
import { groupSnapshots } from './group-snapshots.ts';
import { hookRights } from './hook-rights.ts';
import { jobPods } from './job-pods.ts';
import { oldKeptVolumes } from './kept-volumes.ts';
import { leakedContents } from './leaked-contents.ts';
import { leakedVolumes } from './leaked-volumes.ts';
import { limitRange } from './limit-ranges.ts';
import { machineClock } from './machine-clock.ts';
import { nodeLocal } from './node-local.ts';
import { operator } from './operator.ts';
import { operatorJobs } from './operator-jobs.ts';
import { overdue } from './overdue.ts';
import { quota } from './quota.ts';
import { restoreClaims } from './restore-claims.ts';
import { completePoints } from './restore-points.ts';
import { restoreQuota } from './restore-quota.ts';
import { rights } from './rights.ts';
import { schedule } from './schedule.ts';
import { sidecarLease } from './sidecar-lease.ts';
import { snapshotApi } from './snapshot-api.ts';
import { snapshotClasses } from './snapshot-classes.ts';
import { snapshotController } from './snapshot-controller.ts';
import { snapshotDefinitions } from './snapshot-definitions.ts';
import { snapshotLifetime } from './snapshot-lifetime.ts';
import { snapshotRate } from './snapshot-rate.ts';
import { snapshotWebhook } from './snapshot-webhook.ts';
import { stashApi } from './stash-api.ts';
import { storageClass } from './storage-classes.ts';
import { stuckDeletions } from './stuck-deletions.ts';
import { stuckSnapshots } from './stuck-snapshots.ts';
import { targetExists } from './target-exists.ts';

export const checks: readonly Check[] = [
  ...[machineClock, snapshotApi, snapshotDefinitions, snapshotWebhook, stashApi],
  ...[snapshotController, groupSnapshots, leakedContents, leakedVolumes, oldKeptVolumes],
  ...[rights, admission, driverSidecar, operator, operatorJobs],
  ...[limitsOfDriver, stuckSnapshots, stuckDeletions, configurations],
  ...[configurationValid, configurationOwner, jobPods, hookRights],
  ...[targetExists, configurationChoice, claims, drivers, csiDriver, sidecarLease, nodeLocal],
  ...[snapshotClasses, classSecrets, deletionPolicy, snapshotLifetime, quota, appscode],
  ...[cronJob, schedule, overdue],
  ...[completePoints, restoreClaims, storageClass, restoreQuota, limitRange, gitops, snapshotRate],
];

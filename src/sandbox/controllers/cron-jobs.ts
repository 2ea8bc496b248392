/** Creates a CronJob's Jobs when they are due, and deletes the oldest finished ones. */
import type { CronJob, Job, Stored } from '#src/api/kubernetes.ts';
import { apiVersionOf, cronJobs, jobs } from '#src/api/resources.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';
import { parseSchedule } from '#src/sandbox/schedule.ts';

import { isFinished } from './job-pods.ts';
import { enqueueOwner } from './owned-pods.ts';
import { hasReason } from './reconciler.ts';
import type { Controller, World } from './world.ts';
import { controllerReference, deleteSeen, isControlledBy, setStatus } from './writes.ts';

type Status = NonNullable<CronJob['status']>;

export function cronJobController(world: World): Controller {
  const { cluster } = world;

  async function reconcile(name: string, namespace: string | undefined): Promise<number | undefined> {
    const cronJob = world.cronJobs.get(name, namespace);
    if (!cronJob || cronJob.metadata.deletionTimestamp !== undefined) return undefined;
    const owned = world.jobs.list(namespace).filter((job) => isControlledBy(job, cronJob));
    const seen = currentStatus(cronJob, owned);
    const next = cronJob.spec.suspend === true ? { status: seen } : await start(cronJob, owned, seen);
    await setStatus(cluster, world.cronJobs, cronJob, next.status);
    await deleteOldJobs(cronJob, owned);
    return next.wait;
  }

  /** Returns the status without Jobs that have finished or are gone. */
  function currentStatus(cronJob: Stored<CronJob>, owned: readonly Stored<Job>[]): Status {
    const { active = [], ...status } = cronJob.status ?? {};
    const still = active.filter(({ uid, name = '' }) => {
      const job = owned.find((it) => it.metadata.uid === uid);
      if (!job) {
        world.event(cronJobs, cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
      } else if (isFinished(job) !== undefined) {
        const message = `Saw completed job: ${name}, condition: ${hasSucceeded(job) ? 'Complete' : 'Failed'}`;
        world.event(cronJobs, cronJob, 'Normal', 'SawCompletedJob', message);
      }
      return job !== undefined && isFinished(job) === undefined;
    });
    const successes = owned.filter(hasSucceeded).flatMap((job) => job.status?.completionTime ?? []);
    const { lastSuccessfulTime: before } = status;
    const lastSuccessfulTime = [...successes, ...(before === undefined ? [] : [before])].sort().at(-1);
    return {
      ...status,
      ...(still.length > 0 && { active: still }),
      ...(lastSuccessfulTime !== undefined && { lastSuccessfulTime }),
    };
  }

  /**
   * Starts the Job that is due, only the latest one if several are. `wait`: milliseconds until the next one.
   */
  async function start(
    cronJob: Stored<CronJob>,
    owned: readonly Stored<Job>[],
    status: Status,
  ): Promise<{ status: Status; wait?: number }> {
    const { schedule: text, timeZone, concurrencyPolicy, startingDeadlineSeconds } = cronJob.spec;
    const now = world.now();
    const schedule = parseSchedule(text, timeZone);
    const following = schedule.next(now);
    const wait = following && { wait: following.getTime() - now.getTime() };
    const since = Date.parse(status.lastScheduleTime ?? cronJob.metadata.creationTimestamp);
    const earliest =
      startingDeadlineSeconds === undefined
        ? since
        : Math.max(since, now.getTime() - startingDeadlineSeconds * 1000);
    const due = schedule.latest(now);
    if (!due || due.getTime() <= earliest) return { status, ...wait };
    const { active = [] } = status;
    if (concurrencyPolicy === 'Forbid' && active.length > 0) {
      const why = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      world.event(cronJobs, cronJob, 'Normal', 'JobAlreadyActive', why);
      return { status, ...wait };
    }
    const replaced = concurrencyPolicy === 'Replace' ? active : [];
    for (const job of owned.filter(({ metadata }) => replaced.some(({ uid }) => uid === metadata.uid))) {
      await discard(cronJob, job);
    }
    const job = await createJob(cronJob, due);
    const { name, namespace, uid } = job.metadata;
    const reference = {
      apiVersion: apiVersionOf(jobs),
      kind: jobs.kind,
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
    };
    const kept = active.filter((it) => !replaced.includes(it) && it.uid !== uid);
    return {
      status: {
        ...status,
        ...(isControlledBy(job, cronJob) && { active: [...kept, reference] }),
        lastScheduleTime: timestamp(due),
      },
      ...wait,
    };
  }

  async function createJob(cronJob: Stored<CronJob>, due: Date): Promise<Stored<Job>> {
    const { name, namespace } = cronJob.metadata;
    const { metadata = {}, spec } = cronJob.spec.jobTemplate;
    const body: Job = {
      apiVersion: apiVersionOf(jobs),
      kind: jobs.kind,
      metadata: {
        name: `${name}-${Math.floor(due.getTime() / 60_000)}`,
        ...(namespace !== undefined && { namespace }),
        ...(metadata.labels && { labels: metadata.labels }),
        annotations: {
          ...metadata.annotations,
          'batch.kubernetes.io/cronjob-scheduled-timestamp': localTime(due, cronJob.spec.timeZone),
        },
        ownerReferences: [controllerReference(cronJobs, cronJob)],
      },
      spec,
    };
    try {
      const job = world.jobs.observe(await cluster.create(jobs, body));
      world.event(cronJobs, cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
      return job;
    } catch (error) {
      if (hasReason(error, 'AlreadyExists')) return cluster.get(jobs, body.metadata.name ?? '', namespace);
      const why = error instanceof Error ? error.message : String(error);
      world.event(cronJobs, cronJob, 'Warning', 'FailedCreate', `Error creating job: ${why}`);
      throw error;
    }
  }

  /** Deletes the oldest finished Jobs beyond the history limits. */
  async function deleteOldJobs(cronJob: Stored<CronJob>, owned: readonly Stored<Job>[]): Promise<void> {
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
    const finished = owned
      .filter((job) => isFinished(job) !== undefined && job.metadata.deletionTimestamp === undefined)
      .sort((a, b) => (a.status?.startTime ?? '').localeCompare(b.status?.startTime ?? ''));
    const succeeded = finished.filter(hasSucceeded);
    const failed = finished.filter((job) => !hasSucceeded(job));
    for (const job of [
      ...succeeded.slice(0, Math.max(0, succeeded.length - successfulJobsHistoryLimit)),
      ...failed.slice(0, Math.max(0, failed.length - failedJobsHistoryLimit)),
    ]) {
      await discard(cronJob, job);
    }
  }

  async function discard(cronJob: Stored<CronJob>, job: Stored<Job>): Promise<void> {
    await deleteSeen(cluster, jobs, job);
    world.event(cronJobs, cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
  }

  return {
    mirror: world.cronJobs,
    reconcile,
    triggers(enqueue) {
      world.jobs.onChange(enqueueOwner('CronJob', enqueue));
    },
  };
}

function hasSucceeded({ status }: Job): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Complete' && is === 'True') === true;
}

/** Formats the time as RFC 3339, with the offset of the time zone. */
function localTime(time: Date, timeZone: string | undefined): string {
  if (timeZone === undefined) return timestamp(time);
  const text = time.toLocaleString('sv', { timeZone, timeZoneName: 'longOffset' });
  const [date = '', clock = '', zone = ''] = text.split(' ');
  const offset = zone.replace(/^(GMT|UTC)/, '').replace('−', '-');
  return `${date}T${clock}${offset === '' ? 'Z' : offset}`;
}

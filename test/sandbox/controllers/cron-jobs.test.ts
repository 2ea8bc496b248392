import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CronJob, Job, Stored } from '#src/api/kubernetes.ts';
import { cronJobs, jobs } from '#src/api/resources.ts';

import { startCluster } from './running-cluster.ts';

const minute = 60_000;
const running = await startCluster({ begin: new Date('2026-03-01T10:00:05Z') });

const here = (name: string) => ({ name, namespace: 'default' });

async function schedule(name: string, script: string, spec: Partial<CronJob['spec']> = {}): Promise<void> {
  const containers = [{ name: 'main', image: 'busybox', command: ['sh', '-c', script] }];
  const template = {
    spec: { restartPolicy: 'Never' as const, terminationGracePeriodSeconds: 0, containers },
  };
  await running.cluster.create(cronJobs, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: here(name),
    spec: {
      schedule: '0 * * * *',
      jobTemplate: { metadata: { labels: { of: name } }, spec: { backoffLimit: 0, template } },
      ...spec,
    },
  });
}

async function jobsOf(name: string): Promise<Stored<Job>[]> {
  const { items } = await running.cluster.list(jobs, { labelSelector: `of=${name}` });
  return items;
}

const suspend = (name: string) => running.cluster.patch(cronJobs, here(name), { spec: { suspend: true } });

/** Moves the clock to five seconds after the next full hour. */
async function toTheHour(): Promise<Date> {
  const now = running.now().getTime();
  const hour = new Date((Math.floor(now / (60 * minute)) + 1) * 60 * minute);
  await running.advance(hour.getTime() + 5000 - now);
  return hour;
}

test('a Job is created when due and named after its time; of several missed ones, only the latest', async () => {
  await schedule('hourly', 'exit 0', { timeZone: 'Asia/Kolkata', schedule: '30 * * * *' });
  await running.advance(0);
  assert.deepEqual(await jobsOf('hourly'), []);
  await running.advance(5 * 60 * minute);
  const due = Math.floor(running.now().getTime() / (60 * minute)) * 60 * minute;
  const [job, ...others] = await running.untilAll(jobs, (all) => all.length > 0);
  assert.deepEqual(others, []);
  assert.ok(job);
  assert.equal(job.metadata.name, `hourly-${due / minute}`);
  const stamp = job.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '';
  assert.match(stamp, /T20:30:00\+05:30$/);
  assert.equal(Date.parse(stamp), due);
  assert.equal(job.metadata.ownerReferences?.[0]?.name, 'hourly');
  const started = await running.until(cronJobs, 'hourly', (it) => it?.status?.lastScheduleTime !== undefined);
  assert.equal(started.status?.lastScheduleTime, new Date(due).toISOString().replace('.000', ''));
  const done = await running.until(cronJobs, 'hourly', (it) => it?.status?.lastSuccessfulTime !== undefined);
  assert.equal(done.status?.active, undefined);
  assert.deepEqual(await running.eventsOf('hourly', 'SawCompletedJob'), [
    `SuccessfulCreate: Created job ${job.metadata.name}`,
    `SawCompletedJob: Saw completed job: ${job.metadata.name}, condition: Complete`,
  ]);
  await suspend('hourly');
});

test('a suspended CronJob starts nothing', async () => {
  await schedule('off', 'exit 0', { suspend: true });
  await toTheHour();
  assert.deepEqual(await jobsOf('off'), []);
});

test('Forbid waits for the running Job, Replace deletes it, Allow starts another', async () => {
  const policies = ['Forbid', 'Replace', 'Allow'] as const;
  for (const concurrencyPolicy of policies) {
    await schedule(concurrencyPolicy.toLowerCase(), 'exec sleep 3000', { concurrencyPolicy });
  }
  const first = await toTheHour();
  const second = await toTheHour();
  const [one, two] = [first, second].map((time) => time.getTime() / minute);
  await running.gone(jobs, `replace-${one ?? 0}`);
  const names = await Promise.all(
    policies.map(async (it) => (await jobsOf(it.toLowerCase())).map(({ metadata }) => metadata.name)),
  );
  assert.deepEqual(names, [
    [`forbid-${one ?? 0}`],
    [`replace-${two ?? 0}`],
    [`allow-${one ?? 0}`, `allow-${two ?? 0}`],
  ]);
  const { status } = await running.until(cronJobs, 'allow', (it) => it?.status?.active?.length === 2);
  assert.deepEqual(
    status?.active?.map(({ name }) => name),
    names[2],
  );
  for (const name of policies) await running.cluster.delete(cronJobs, here(name.toLowerCase()));
  await running.gone(jobs, `allow-${two ?? 0}`);
});

test('finished Jobs are kept up to the history limits', async () => {
  await schedule('history', 'exit 0', { successfulJobsHistoryLimit: 1 });
  const names = async () => (await jobsOf('history')).map(({ metadata }) => metadata.name);
  for (let round = 0; round < 3; round++) {
    const hour = await toTheHour();
    await running.until(cronJobs, 'history', (it) => {
      const { lastScheduleTime = '', active } = it?.status ?? {};
      return Date.parse(lastScheduleTime) === hour.getTime() && active === undefined;
    });
    const own = `history-${hour.getTime() / minute}`;
    assert.ok((await names()).includes(own), 'the newest is kept');
    await running.untilAll(
      jobs,
      (all) => all.filter(({ metadata }) => metadata.labels?.['of'] === 'history').length < 2,
    );
    assert.deepEqual(await names(), [own]);
  }
});

test('a Job that is late by more than startingDeadlineSeconds is skipped', async () => {
  await schedule('punctual', 'exit 0', { startingDeadlineSeconds: 30 });
  await running.advance(60 * minute + minute);
  assert.deepEqual(await jobsOf('punctual'), []);
  await toTheHour();
  assert.equal((await jobsOf('punctual')).length, 1);
});

import assert from 'node:assert/strict';
import { placeholderSchedule } from '#src/domain/backup/placeholder.ts';
import { test } from 'node:test';

import fc from 'fast-check';

import type { CronJob, OwnerReference, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { buildCronJob } from '#src/domain/operator/build-cron-job.ts';
import {
  configurationStatus,
  eventsOfStatus,
  type Status,
} from '#src/domain/operator/configuration-status.ts';
import {
  decideConfiguration,
  hasClash,
  type ConfigurationStep,
  type ConfigurationWorld,
} from '#src/domain/operator/decide-configuration.ts';
import { assertNever } from '#src/errors.ts';
import { configuration, stored, target } from '#test/domain/objects.ts';

const options = { image: 'registry/stash:v1' };
const now = new Date('2026-03-14T03:00:00Z');
const later = new Date('2026-03-14T04:00:00Z');
const finalizer = 'stash.appscode.com';

const plain = configuration('nightly', { schedule: '0 3 * * *' }, { generation: 1 });
const taken = configuration('nightly', { schedule: '0 3 * * *' }, { generation: 1, finalizers: [finalizer] });

function cronJobOf(owner: Stored<BackupConfiguration>): Stored<CronJob> {
  return stored<CronJob>(buildCronJob(owner, options));
}

const base: ConfigurationWorld = {
  configuration: plain,
  sight: 'found',
  cronJob: undefined,
  settled: undefined,
  rightsMade: false,
  trouble: undefined,
  unfinished: [],
  options,
  now,
};

function decide(changes: Partial<ConfigurationWorld>): ConfigurationStep {
  return decideConfiguration({ ...base, ...changes });
}

function statusOf(changes: Partial<ConfigurationWorld>): Status {
  const step = decide(changes);
  assert.ok(step.do === 'write-status', step.do);
  return step.status;
}

test('takes one step after the other: the finalizer, the rights, the CronJob, the status', () => {
  assert.deepEqual(decide({}), { do: 'set-finalizers', finalizers: [finalizer] });
  assert.deepEqual(decide({ configuration: taken }), { do: 'make-rights' });
  const creating = decide({ configuration: taken, rightsMade: true });
  assert.ok(creating.do === 'create-cron-job');
  assert.equal(creating.cronJob.metadata.name, 'stash-trigger-nightly');
  const world = { configuration: taken, rightsMade: true, cronJob: cronJobOf(taken) };
  assert.equal(statusOf(world).phase, 'Ready');
  const status = statusOf(world);
  assert.deepEqual(decide({ ...world, configuration: { ...taken, status } }), { do: 'done' });
});

test('keeps the finalizers of other controllers', () => {
  const theirs = { ...plain, metadata: { ...plain.metadata, finalizers: ['a/b'] } };
  assert.deepEqual(decide({ configuration: theirs }), {
    do: 'set-finalizers',
    finalizers: ['a/b', finalizer],
  });
});

test('the conditions tell what is missing, and since when', () => {
  const passed = 'ValidationPassed True ResourceValidationPassed';
  const found = 'BackupTargetFound True TargetAvailable';
  const invalid = configuration('nightly', { schedule: 'often' }, { generation: 4 });
  const rows: [string, Partial<ConfigurationWorld>, string, ...string[]][] = [
    ['invalid', { configuration: invalid }, 'Invalid', 'ValidationPassed False ResourceValidationFailed'],
    ['no target', { sight: 'absent' }, 'NotReady', passed, 'BackupTargetFound False TargetNotAvailable'],
    [
      'the target cannot be read',
      { sight: { unknown: 'no right' } },
      'NotReady',
      passed,
      'BackupTargetFound False UnableToCheckTargetAvailability',
    ],
    [
      'refused',
      { trouble: 'quota' },
      'NotReady',
      passed,
      found,
      'CronJobCreated False CronJobCreationFailed',
    ],
    [
      'in the way',
      { cronJob: stored({ ...cronJobOf(taken), metadata: { name: 'stash-trigger-nightly' } }) },
      'NotReady',
      passed,
      found,
      'CronJobCreated False CronJobCreationFailed',
    ],
    [
      'all there',
      { configuration: taken, rightsMade: true, cronJob: cronJobOf(taken) },
      'Ready',
      passed,
      found,
      'CronJobCreated True CronJobCreationSucceeded',
    ],
    [
      'target gone',
      { configuration: taken, rightsMade: true, cronJob: cronJobOf(taken), sight: 'absent' },
      'NotReady',
      passed,
      'BackupTargetFound False TargetNotAvailable',
      'CronJobCreated True CronJobCreationSucceeded',
    ],
  ];
  for (const [what, changes, phase, ...told] of rows) {
    const status = statusOf(changes);
    assert.equal(status.phase, phase, what);
    assert.equal(status.observedGeneration, (changes.configuration ?? plain).metadata.generation, what);
    assert.deepEqual(
      status.conditions?.map(({ type, status, reason }) => `${type} ${status} ${String(reason)}`),
      told,
      what,
    );
    assert.ok(status.conditions.every(({ lastTransitionTime }) => lastTransitionTime === now.toISOString()));
  }
});

test('lastTransitionTime changes only with the status, and conditions of others are kept', () => {
  const audited = { type: 'Audited', status: 'True' as const, lastTransitionTime: '2026-01-01T00:00:00Z' };
  const first = statusOf({ sight: 'absent' });
  const before = { ...first, conditions: [audited, ...(first.conditions ?? [])] };
  const second = statusOf({
    configuration: { ...taken, status: before },
    rightsMade: true,
    cronJob: cronJobOf(taken),
    now: later,
  });
  assert.deepEqual(
    second.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [
      ['ValidationPassed', now.toISOString()],
      ['BackupTargetFound', later.toISOString()],
      ['CronJobCreated', later.toISOString()],
      ['Audited', audited.lastTransitionTime],
    ],
  );
});

test('records one Event for each change', () => {
  const absent = statusOf({ sight: 'absent' });
  const invalid = statusOf({ configuration: configuration('nightly', { schedule: '' }) });
  const ready = statusOf({ configuration: taken, rightsMade: true, cronJob: cronJobOf(taken) });
  const reasons = (before: Status | undefined, after: Status) =>
    eventsOfStatus({ ...taken, ...(before && { status: before }) }, after).map(
      ({ type, reason }) => `${type} ${reason}`,
    );
  assert.deepEqual(reasons(undefined, absent), ['Warning TargetNotFound']);
  assert.deepEqual(reasons(absent, absent), []);
  assert.deepEqual(reasons(absent, ready), ['Normal BackupConfigurationReady']);
  assert.deepEqual(reasons(ready, { ...ready, observedGeneration: 2 }), []);
  assert.deepEqual(reasons(ready, invalid), ['Warning ValidationFailed']);
  const worse = (invalid.conditions ?? []).map((condition) => ({ ...condition, message: 'even worse' }));
  assert.deepEqual(reasons(invalid, { ...invalid, conditions: worse }), ['Warning ValidationFailed']);
});

test('a configuration for snapshots by hand gets the rights of its Jobs, no CronJob, and no Warning', () => {
  const spec = { schedule: placeholderSchedule, paused: true };
  const byHand = configuration('web', spec, { generation: 1, finalizers: [finalizer] });
  assert.deepEqual(decide({ configuration: byHand }), { do: 'make-rights' });
  const cronJob = cronJobOf(byHand);
  assert.deepEqual(decide({ configuration: byHand, rightsMade: true, cronJob }), {
    do: 'delete-cron-job',
    cronJob,
  });
  const ready = statusOf({ configuration: byHand, rightsMade: true });
  assert.equal(ready.phase, 'Ready');
  assert.deepEqual(
    ready.conditions?.map(({ type }) => type),
    ['ValidationPassed', 'BackupTargetFound'],
  );
  const absent = statusOf({ configuration: byHand, rightsMade: true, sight: 'absent' });
  assert.equal(absent.phase, 'NotReady');
  assert.deepEqual(eventsOfStatus({ ...byHand, status: ready }, absent), []);
  // Either of the two marks alone is a schedule.
  for (const one of [
    { ...spec, paused: false },
    { ...spec, schedule: '0 3 * * *' },
  ]) {
    const scheduled = configuration('web', one, { generation: 1, finalizers: [finalizer] });
    assert.equal(decide({ configuration: scheduled, rightsMade: true }).do, 'create-cron-job');
  }
});

test('a deleted configuration loses its CronJob, waits for its sessions, and then its finalizer', () => {
  const { metadata } = taken;
  const going = {
    ...taken,
    metadata: { ...metadata, finalizers: ['a/b', finalizer], deletionTimestamp: 'x' },
  };
  const cronJob = cronJobOf(taken);
  const unfinished = ['nightly-1'];
  assert.deepEqual(decide({ configuration: going, cronJob, unfinished }), { do: 'delete-cron-job', cronJob });
  const ending = { ...cronJob, metadata: { ...cronJob.metadata, deletionTimestamp: 'x' } };
  for (const left of [undefined, ending]) {
    assert.deepEqual(decide({ configuration: going, cronJob: left, unfinished }), {
      do: 'await-sessions',
      sessions: unfinished,
    });
    assert.deepEqual(decide({ configuration: going, cronJob: left }), {
      do: 'set-finalizers',
      finalizers: ['a/b'],
    });
  }
  const invalid = { ...going, spec: { ...going.spec, schedule: '' } };
  assert.equal(decide({ configuration: invalid }).do, 'set-finalizers');
  const let_go = { ...going, metadata: { ...going.metadata, finalizers: ['a/b'] } };
  assert.deepEqual(decide({ configuration: let_go }), { do: 'done' });
});

test('a configuration with another driver is released if it was ours, with or without a CronJob, else ignored', () => {
  const cronJob = cronJobOf(taken);
  for (const driver of ['Restic', undefined] as const) {
    const spec = { ...taken.spec };
    delete spec.driver;
    const theirs = { ...taken, spec: { ...spec, ...(driver && { driver }) } };
    const deleted = { ...theirs, metadata: { ...theirs.metadata, deletionTimestamp: 'x' } };
    const unfinished = ['nightly-1'];
    for (const held of [theirs, deleted]) {
      assert.deepEqual(decide({ configuration: held }), { do: 'set-finalizers', finalizers: [] });
      assert.deepEqual(decide({ configuration: held, unfinished }), {
        do: 'await-sessions',
        sessions: unfinished,
      });
      assert.deepEqual(decide({ configuration: held, cronJob }), { do: 'delete-cron-job', cronJob });
      const free = { ...held, metadata: { ...held.metadata, finalizers: [] } };
      assert.deepEqual(decide({ configuration: free }), { do: 'leave' });
      assert.deepEqual(decide({ configuration: free, cronJob }), { do: 'delete-cron-job', cronJob });
    }
  }
});

test('paused suspends the CronJob of a configuration that became invalid', () => {
  const broken = (paused: boolean) => ({ ...taken, spec: { ...taken.spec, schedule: 'often', paused } });
  const cronJob = cronJobOf(taken);
  assert.equal(decide({ configuration: broken(true), cronJob }).do, 'patch-cron-job');
  assert.equal(decide({ configuration: broken(false), cronJob }).do, 'write-status');
  const suspended = { ...cronJob, spec: { ...cronJob.spec, suspend: true } };
  assert.equal(decide({ configuration: broken(true), cronJob: suspended }).do, 'write-status');
});

test('the CronJob of a configuration whose runtimeSettings are refused is deleted', () => {
  const cronJob = cronJobOf(taken);
  const runtimeSettings = { container: { env: [{ name: 'NODE_OPTIONS', value: '--import=data:,' }] } };
  const refused = { ...taken, spec: { ...taken.spec, runtimeSettings } };
  assert.deepEqual(decide({ configuration: refused, cronJob }), { do: 'delete-cron-job', cronJob });
  assert.equal(statusOf({ configuration: refused }).phase, 'Invalid');
});

test('its conditions tell people what is the matter', () => {
  const ours = { configuration: taken, rightsMade: true, cronJob: cronJobOf(taken) };
  const rows: [Partial<ConfigurationWorld>, ...string[]][] = [
    [ours, 'the configuration is valid', 'statefulset/db exists', 'the CronJob exists'],
    [
      { sight: 'absent' },
      'the configuration is valid',
      'statefulset/db does not exist in namespace demo; backups start once it exists',
    ],
    [
      { sight: { unknown: 'no right' }, trouble: 'quota' },
      'the configuration is valid',
      'cannot tell whether statefulset/db exists: no right',
      'quota',
    ],
    [
      { configuration: configuration('nightly', { schedule: '', timeOut: '0' }) },
      'spec.schedule is missing: write a cron expression; spec.timeOut "0" must be greater than zero',
    ],
    [{ configuration: { ...taken, kept: { refused: 'it is too large' } } }, 'it is too large'],
  ];
  for (const [changes, ...messages] of rows) {
    assert.deepEqual(
      statusOf(changes).conditions?.map(({ message }) => message),
      messages,
    );
  }
  assert.deepEqual(eventsOfStatus(taken, statusOf(ours)), [
    {
      ...{ type: 'Normal', reason: 'BackupConfigurationReady' },
      message: 'the configuration is valid and its target exists',
    },
  ]);
});

test('a status without conditions is completed', () => {
  const { phase, conditions } = statusOf({ configuration: { ...taken, status: {} }, sight: 'absent' });
  assert.deepEqual([phase, conditions?.length], ['NotReady', 2]);
  const events = eventsOfStatus({ ...taken, status: {} }, statusOf({ sight: 'absent' }));
  assert.deepEqual(
    events.map(({ reason }) => reason),
    ['TargetNotFound'],
  );
});

test('a configuration that waits for its CronJob is not Ready', () => {
  const findings = {
    ...{ check: { problems: [], warnings: [] }, target, sight: 'found' as const },
    cronJob: 'unmade' as const,
  };
  assert.equal(configurationStatus(taken, findings, now).phase, 'NotReady');
});

test('a configuration for snapshots by hand that is invalid is told of, and one that is ready', () => {
  const spec = { schedule: placeholderSchedule, paused: true };
  const byHand = configuration('web', spec, { generation: 1, finalizers: [finalizer] });
  const broken = { ...byHand, spec: { ...byHand.spec, timeOut: '0' } };
  assert.deepEqual(
    eventsOfStatus(broken, statusOf({ configuration: broken })).map(({ reason }) => reason),
    ['ValidationFailed'],
  );
  assert.deepEqual(
    eventsOfStatus(byHand, statusOf({ configuration: byHand, rightsMade: true })).map(
      ({ message }) => message,
    ),
    ['snapshots can be taken by hand'],
  );
  const ending = stored<CronJob>({
    ...cronJobOf(byHand),
    metadata: { ...cronJobOf(byHand).metadata, deletionTimestamp: 'x' },
  });
  assert.equal(decide({ configuration: byHand, rightsMade: true, cronJob: ending }).do, 'write-status');
});

test('a CronJob of the same name that belongs to another owner is told of, and stays', () => {
  const name = 'stash-trigger-nightly';
  const ownedBy = (owner: Partial<OwnerReference>) =>
    stored<CronJob>({
      ...cronJobOf(taken),
      metadata: {
        name,
        ownerReferences: [
          { apiVersion: 'v1', kind: 'BackupConfiguration', name: 'nightly', uid: 'u', ...owner },
        ],
      },
    });
  const { uid } = taken.metadata;
  const rows: [Partial<OwnerReference>, string][] = [
    [
      { controller: true },
      `cronjob/${name} belongs to an earlier configuration of this name and is about to be deleted`,
    ],
    [
      { controller: true, name: 'other' },
      `cronjob/${name} belongs to backupconfiguration/other, whose CronJob has the same name; give one of the two another name`,
    ],
    ...[{ uid }, { kind: 'Deployment', controller: true }, { controller: false }].map(
      (owner): [Partial<OwnerReference>, string] => [
        owner,
        `cronjob/${name} exists and was not created for this configuration; delete it, or give the configuration another name`,
      ],
    ),
  ];
  for (const [owner, message] of rows) {
    const world = { ...base, configuration: taken, rightsMade: true, cronJob: ownedBy(owner) };
    assert.equal(statusOf(world).conditions?.at(-1)?.message, message);
    assert.equal(hasClash(world), true);
  }
  const ours = ownedBy({ uid, controller: true });
  assert.equal(hasClash({ ...base, configuration: taken, cronJob: ours }), false);
  assert.equal(hasClash(base), false);
});

test('a CronJob is kept up to date while its target is away', () => {
  const cronJob = cronJobOf(configuration('nightly', { schedule: '0 9 * * *' }));
  const step = decide({ configuration: taken, rightsMade: true, sight: 'absent', cronJob });
  assert.equal(step.do, 'patch-cron-job');
});

test('a CronJob that is being deleted is left alone', () => {
  const cronJob = cronJobOf(taken);
  const ending = { ...cronJob, metadata: { ...cronJob.metadata, deletionTimestamp: 'x' } };
  const paused = { ...taken, spec: { ...taken.spec, schedule: 'often', paused: true } };
  assert.deepEqual(decide({ configuration: paused, cronJob }), {
    do: 'patch-cron-job',
    cronJob,
    patch: [{ op: 'add', path: '/spec/suspend', value: true }],
  });
  assert.equal(decide({ configuration: paused, cronJob: ending }).do, 'write-status');
  const theirs = { ...plain, spec: { ...plain.spec, driver: 'Restic' as const } };
  assert.deepEqual(decide({ configuration: theirs, cronJob: ending }), { do: 'leave' });
});

test('from any state, the steps come to an end, and then the status is correct', () => {
  const foreign = stored<CronJob>({ ...cronJobOf(taken), metadata: { name: 'stash-trigger-nightly' } });
  const drifted = cronJobOf(configuration('nightly', { schedule: '0 9 * * *' }));
  const worlds = fc.record({
    schedule: fc.constantFrom('0 3 * * *', '@daily', 'often'),
    paused: fc.boolean(),
    driver: fc.constantFrom('VolumeSnapshotter' as const, 'Restic' as const),
    finalizers: fc.subarray(['a/b', finalizer]),
    deleted: fc.boolean(),
    sight: fc.constantFrom('found' as const, 'absent' as const, { unknown: 'x' }),
    cronJob: fc.constantFrom(undefined, foreign, drifted, cronJobOf(taken)),
    rightsMade: fc.boolean(),
    trouble: fc.constantFrom(undefined, 'quota'),
    unfinished: fc.subarray(['nightly-1']),
  });
  fc.assert(
    fc.property(worlds, ({ schedule, paused, driver, finalizers, deleted, ...rest }) => {
      let world: ConfigurationWorld = {
        ...base,
        ...rest,
        configuration: configuration(
          'nightly',
          { schedule, paused, driver },
          { generation: 3, finalizers, ...(deleted && { deletionTimestamp: 'x' }) },
        ),
      };
      let step = decideConfiguration(world);
      for (let steps = 0; !isRest(step); steps += 1) {
        assert.ok(steps < 8, `it does not come to rest: ${step.do}`);
        world = after(world, step);
        step = decideConfiguration(world);
      }
      const { configuration: end, cronJob } = world;
      assert.equal(cronJob === foreign, rest.cronJob === foreign, 'what others made stays');
      assert.equal(end.metadata.finalizers?.includes('a/b'), finalizers.includes('a/b'));
      if (driver !== 'VolumeSnapshotter' || deleted) {
        assert.equal(end.status, undefined);
        assert.ok(cronJob === undefined || cronJob === foreign || !finalizers.includes(finalizer));
        if (rest.unfinished.length === 0) assert.ok(!end.metadata.finalizers.includes(finalizer));
        return;
      }
      assert.equal(end.status?.observedGeneration, 3);
      const runs = cronJob !== foreign && cronJob?.spec.schedule === schedule;
      const suspended = cronJob?.spec.suspend;
      const isReady = end.status.phase === 'Ready';
      assert.equal(end.status.phase === 'Invalid', schedule === 'often');
      assert.equal(isReady, runs && rest.sight === 'found' && rest.trouble === undefined);
      assert.ok(!isReady || suspended === paused);
      if (cronJob !== undefined && cronJob !== foreign && rest.cronJob === undefined) {
        assert.ok(end.metadata.finalizers.includes(finalizer), 'nothing is made without the finalizer');
      }
    }),
  );
});

function isRest(step: ConfigurationStep): boolean {
  return step.do === 'leave' || step.do === 'await-sessions' || step.do === 'done';
}

/** The world after the API server has carried out the step. */
function after(world: ConfigurationWorld, step: ConfigurationStep): ConfigurationWorld {
  const { configuration } = world;
  switch (step.do) {
    case 'set-finalizers': {
      const metadata = { ...configuration.metadata, finalizers: [...step.finalizers] };
      return { ...world, configuration: { ...configuration, metadata } };
    }
    case 'make-rights':
      return { ...world, rightsMade: true };
    case 'create-cron-job':
      return { ...world, cronJob: stored<CronJob>(step.cronJob) };
    case 'patch-cron-job':
      return { ...world, cronJob: patched(step.cronJob, step.patch as Operation[]) };
    case 'delete-cron-job':
      return { ...world, cronJob: undefined };
    case 'write-status':
      return { ...world, configuration: { ...configuration, status: step.status } };
    case 'leave':
    case 'await-sessions':
    case 'done':
      return world;
    default:
      return assertNever(step);
  }
}

interface Operation {
  readonly path: string;
  readonly value: unknown;
}

/** Applies a JSON patch; supports only operations that set a value. */
function patched(cronJob: Stored<CronJob>, patch: readonly Operation[]): Stored<CronJob> {
  const result = structuredClone(cronJob);
  for (const { path, value } of patch) {
    const keys = path.slice(1).split('/');
    const last = keys.pop() ?? '';
    const at = keys.reduce<Record<string, unknown>>(
      (object, key) => object[key] as Record<string, unknown>,
      result as unknown as Record<string, unknown>,
    );
    at[last] = value;
  }
  return result;
}

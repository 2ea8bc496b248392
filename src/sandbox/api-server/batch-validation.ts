/** Validates Jobs and CronJobs. */
import { isDeepStrictEqual } from 'node:util';

import { parseSchedule } from '../schedule.ts';
import { allow, check, required, immutable, oneOf } from './field-errors.ts';
import { at, listAt, objectAt, stringAt, without, type JsonObject } from './json.ts';
import { validateLabels } from './metadata-validation.ts';
import type { ApiObject } from './object.ts';
import type { Cause } from './status.ts';
import { validatePodSpec } from './workload-validation.ts';

/**
 * Fields that the sandbox does not implement. It rejects them: ignoring them would let a client believe that
 * they work.
 */
const unsupported = [
  'backoffLimitPerIndex',
  'managedBy',
  'maxFailedIndexes',
  'podFailurePolicy',
  'successPolicy',
];

export function validateJob(job: ApiObject): Cause[] {
  const spec = objectAt(job, 'spec');
  const { name = '', uid = '' } = job.metadata;
  const labels = objectAt(spec, 'template', 'metadata', 'labels');
  const selector = objectAt(spec, 'selector', 'matchLabels');
  const own: JsonObject = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const isGenerated =
    at(spec, 'selector', 'matchExpressions') === undefined &&
    Object.entries(selector).every(([key, value]) => own[key] === value);
  const path = 'spec.template.metadata.labels';
  return [
    ...validateJobSpec(spec, 'spec'),
    ...check(isGenerated, 'spec.selector', spec['selector'], '`selector` not auto-generated'),
    ...Object.entries(own).flatMap(([key, value]) =>
      check(labels[key] === value, path, labels, `must be '${String(value)}'`),
    ),
  ];
}

function validateJobSpec(spec: JsonObject, path: string): Cause[] {
  const podSpec = objectAt(spec, 'template', 'spec');
  const template = `${path}.template`;
  const restartPolicy = podSpec['restartPolicy'];
  const policies = ['OnFailure', 'Never'];
  const labels = objectAt(spec, 'template', 'metadata', 'labels') as Record<string, string>;
  return [
    ...counts(spec, path, [
      ...['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'],
    ]),
    ...unsupported.flatMap((field) =>
      allow(spec[field] === undefined, `${path}.${field}`, 'the sandbox does not support it'),
    ),
    ...oneOf(`${path}.completionMode`, [spec['completionMode'] ?? 'NonIndexed'], ['NonIndexed']),
    ...oneOf(`${path}.manualSelector`, [spec['manualSelector'] ?? false], [false]),
    ...oneOf(
      `${path}.podReplacementPolicy`,
      [spec['podReplacementPolicy'] ?? 'Failed'],
      ['Failed', 'TerminatingOrFailed'],
    ),
    ...validateLabels(`${template}.metadata.labels`, labels),
    ...validatePodSpec(podSpec, `${template}.spec`),
    ...(restartPolicy === 'Always'
      ? required(false, `${template}.spec.restartPolicy`, 'valid values: "OnFailure", "Never"')
      : oneOf(`${template}.spec.restartPolicy`, [restartPolicy], policies)),
  ];
}

/** Checks that these fields are absent or not negative. */
function counts(spec: JsonObject, path: string, names: readonly string[]): Cause[] {
  return names.flatMap((name) => {
    const value = spec[name] ?? 0;
    return check(Number(value) >= 0, `${path}.${name}`, value, 'must be greater than or equal to 0');
  });
}

export function validateCronJob(cronJob: ApiObject): Cause[] {
  const spec = objectAt(cronJob, 'spec');
  const { name = '' } = cronJob.metadata;
  const jobSpec = objectAt(spec, 'jobTemplate', 'spec');
  const { selector } = jobSpec;
  return [
    ...validateSchedule(stringAt(spec, 'schedule') ?? '', stringAt(spec, 'timeZone')),
    ...counts(spec, 'spec', [
      ...['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'],
    ]),
    ...oneOf('spec.concurrencyPolicy', [spec['concurrencyPolicy']], ['Allow', 'Forbid', 'Replace']),
    ...validateJobSpec(jobSpec, 'spec.jobTemplate.spec'),
    ...check(
      selector === undefined,
      'spec.jobTemplate.spec.selector',
      selector,
      '`selector` will be auto-generated',
    ),
    // A Job's name is the CronJob's, a hyphen and ten digits.
    ...check(name.length <= 52, 'metadata.name', name, 'must be no more than 52 characters'),
  ];
}

function validateSchedule(schedule: string, timeZone: string | undefined): Cause[] {
  if (schedule === '') return required(false, 'spec.schedule');
  const zone = timeZone === undefined || isTimeZone(timeZone);
  return [
    ...check(zone, 'spec.timeZone', timeZone, `unknown time zone ${timeZone ?? ''}`),
    ...check(
      !schedule.includes('TZ'),
      'spec.schedule',
      schedule,
      'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ),
    ...check(scheduleError(schedule) === undefined, 'spec.schedule', schedule, scheduleError(schedule) ?? ''),
  ];
}

function scheduleError(schedule: string): string | undefined {
  try {
    parseSchedule(schedule);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Returns true for names of the time zone database, which has no offsets. */
function isTimeZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** A Job's pod template is immutable, except for scheduling and resources while the Job is suspended. */
export function validateJobChange(was: JsonObject, is: JsonObject): Cause[] {
  const isSuspended = was['suspend'] === true;
  const fixed = (spec: JsonObject): unknown => {
    const template = objectAt(spec, 'template');
    if (!isSuspended) return template;
    const podSpec = objectAt(template, 'spec');
    const containers = listAt(podSpec, 'containers').map((it) => without(objectAt(it), 'resources'));
    return { ...without(podSpec, 'nodeSelector', 'tolerations', 'affinity'), containers };
  };
  const field = isSuspended ? 'spec.template.spec' : 'spec.template';
  return [
    ...immutable('spec.completions', was['completions'], is['completions']),
    ...immutable('spec.selector', was['selector'], is['selector']),
    ...check(isDeepStrictEqual(fixed(was), fixed(is)), field, is['template'], 'field is immutable'),
    ...immutable('spec.completionMode', was['completionMode'], is['completionMode']),
  ];
}

/** What is wrong with a BackupConfiguration of driver VolumeSnapshotter, before anything is made of it. */
import { handlerKinds } from '#src/api/hook-handlers.ts';
import type { BackupConfiguration, HookHandler, RetentionPolicy, TargetRef } from '#src/api/stash.ts';
import { parseDuration } from '#src/domain/duration.ts';
import { checkHook, hostOfHandler, thawWarning } from '#src/domain/hooks/hooks.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { keepRules, retentionProblem } from '#src/domain/retention/retention-rules.ts';
import { checkSchedule } from '#src/domain/schedule.ts';
import { isTargetKind, targetApiVersion, type Target } from '#src/domain/workload/target.ts';
import { targetKinds } from '#src/domain/workload/kinds.ts';

import { checkRuntimeSettings } from './check-runtime-settings.ts';
import { ignoredSettings } from './pod-template.ts';

export interface ConfigurationCheck {
  /** Each a sentence that begins with the field; none: sessions can run. */
  readonly problems: readonly string[];
  /** What works, but perhaps not as meant. */
  readonly warnings: readonly string[];
}

export function checkConfiguration({ metadata, spec }: BackupConfiguration): ConfigurationCheck {
  const { target, schedule, hooks, timeOut, retryConfig, backupHistoryLimit, runtimeSettings } = spec;
  return {
    problems: [
      ...checkRef(target?.ref, metadata.namespace ?? ''),
      ...checkCount('spec.target.replicas', target?.replicas),
      ...checkWhen(schedule),
      ...checkRetention(spec.retentionPolicy),
      ...checkHookAt('spec.hooks.preBackup', hooks?.preBackup),
      ...checkHookAt('spec.hooks.postBackup', hooks?.postBackup),
      ...checkDuration('spec.timeOut', timeOut, 1),
      ...checkCount('spec.retryConfig.maxRetry', retryConfig?.maxRetry),
      ...checkDuration('spec.retryConfig.delay', retryConfig?.delay, 0),
      ...checkCount('spec.backupHistoryLimit', backupHistoryLimit),
      ...checkRuntimeSettings(runtimeSettings),
    ],
    warnings: [
      ...[thawWarning({ pre: hooks?.preBackup, post: hooks?.postBackup, adHoc: false }) ?? []].flat(),
      ...ignoredSettings(runtimeSettings).map((path) => `${path} is ignored`),
    ],
  };
}

/** What an operator that executes in its own process will not do; sentences, as those of `checkConfiguration`. */
export function hostWarnings(hooks: BackupConfiguration['spec']['hooks']): string[] {
  return (['preBackup', 'postBackup'] as const).flatMap((which) =>
    handlerKinds.flatMap((handler) => {
      const host = hostOfHandler(handler, hooks?.[which] ?? {});
      if (host === undefined) return [];
      return [
        `spec.hooks.${which}.${handler}.host ${quoted(host)} is refused unless a pod of the target has that address: ` +
          'with --run-sessions=in-process the operator connects to nothing else',
      ];
    }),
  );
}

/** What a configuration is for; undefined where its `target.ref` has a problem. */
export function configuredTarget({ metadata, spec }: BackupConfiguration): Target | undefined {
  const { namespace = '' } = metadata;
  const { ref } = spec.target ?? {};
  const { kind, name = '' } = ref ?? {};
  return checkRef(ref, namespace).length === 0 && isTargetKind(kind) ? { kind, name, namespace } : undefined;
}

function checkRef(ref: TargetRef | undefined, namespace: string): string[] {
  const { kind = '', name = '' } = ref ?? {};
  if (kind === '' && name === '') return ['spec.target.ref is missing: name a workload or a claim'];
  const problems: string[] = [];
  if (!isTargetKind(kind)) {
    problems.push(`spec.target.ref.kind ${quoted(kind)} is not one of ${targetKinds.join(', ')}`);
  } else {
    const expected = targetApiVersion(kind);
    const written = ref?.apiVersion ?? '';
    if (written !== '' && groupOf(written) !== groupOf(expected)) {
      problems.push(`spec.target.ref.apiVersion ${quoted(written)} is not that of a ${kind}, ${expected}`);
    }
  }
  if (!isObjectName(name)) {
    problems.push(`spec.target.ref.name ${quoted(name)} cannot be the name of an object`);
  }
  const foreign = ref?.namespace ?? '';
  if (foreign !== '' && foreign !== namespace) {
    problems.push(
      `spec.target.ref.namespace ${quoted(foreign)} is another namespace than the configuration's`,
    );
  }
  return problems;
}

function checkWhen(schedule = ''): string[] {
  if (schedule === '') return ['spec.schedule is missing: write a cron expression'];
  const why = checkSchedule(schedule);
  return why === undefined ? [] : [`spec.schedule: ${why}`];
}

/** Each number by itself: a policy has but one problem to tell. */
function checkRetention(policy: RetentionPolicy): string[] {
  const { name, prune } = policy;
  return keepRules.flatMap(({ field }) => {
    const count = policy[field];
    const why = count === undefined ? undefined : retentionProblem({ name, prune, [field]: count });
    return why === undefined ? [] : [`spec.${why}`];
  });
}

function checkHookAt(path: string, hook: HookHandler | undefined): string[] {
  const why = hook && checkHook(hook);
  return why === undefined ? [] : [`${path} ${why}`];
}

function checkDuration(path: string, text: string | undefined, least: number): string[] {
  if (text === undefined || text === '') return [];
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) return [`${path} ${quoted(text)} is not a duration such as 10m or 1h30m`];
  return milliseconds < least ? [`${path} ${quoted(text)} is no time at all`] : [];
}

function checkCount(path: string, count: number | undefined): string[] {
  return count === undefined || count >= 0 ? [] : [`${path} is ${count}, and cannot be negative`];
}

function groupOf(apiVersion: string): string {
  return apiVersion.split('/').slice(0, -1).join('');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

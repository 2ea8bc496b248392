/** Validates a BackupConfiguration with driver VolumeSnapshotter. */
import { handlerKinds } from '#src/api/hook-handlers.ts';
import type { BackupConfiguration, HookHandler, RetentionPolicy, TargetRef } from '#src/api/stash.ts';
import { checkHook, hostOfHandler, thawWarning } from '#src/domain/hooks/hooks.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { keepRules, retentionProblem } from '#src/domain/retention/retention-rules.ts';
import { quoted } from '#src/domain/quoted.ts';
import { checkSchedule } from '#src/domain/schedule.ts';
import {
  countProblem,
  defaultClaimsPerSession,
  durationProblem,
  mostRetries,
  mostSessionsKept,
  raisedWait,
} from '#src/domain/spec-limits.ts';
import { isTargetKind, targetApiVersion, type Target } from '#src/domain/workload/target.ts';
import { targetKinds } from '#src/domain/workload/kinds.ts';

import { checkRuntimeSettings } from './check-runtime-settings.ts';
import { ignoredSettings } from './pod-template.ts';

export interface ConfigurationCheck {
  /** One sentence for each problem, which begins with the field. Sessions can run only without problems. */
  readonly problems: readonly string[];
  /** One sentence for each setting that is valid but may not have the effect that the user expects. */
  readonly warnings: readonly string[];
}

/** `claimsPerSession` is the most claims that a session may have. */
export function checkConfiguration(
  { metadata, spec }: BackupConfiguration,
  claimsPerSession = defaultClaimsPerSession,
): ConfigurationCheck {
  const { target, schedule, hooks, timeOut, retryConfig, backupHistoryLimit, runtimeSettings } = spec;
  return {
    problems: [
      ...checkRef(target?.ref, metadata.namespace ?? ''),
      ...told(countProblem('spec.target.replicas', target?.replicas, claimsPerSession)),
      ...checkWhen(schedule),
      ...checkRetention(spec.retentionPolicy),
      ...checkHookAt('spec.hooks.preBackup', hooks?.preBackup),
      ...checkHookAt('spec.hooks.postBackup', hooks?.postBackup),
      ...told(durationProblem('spec.timeOut', timeOut, 1)),
      ...told(countProblem('spec.retryConfig.maxRetry', retryConfig?.maxRetry, mostRetries)),
      ...told(durationProblem('spec.retryConfig.delay', retryConfig?.delay, 0)),
      ...told(countProblem('spec.backupHistoryLimit', backupHistoryLimit, mostSessionsKept)),
      ...checkRuntimeSettings(runtimeSettings),
    ],
    warnings: [
      ...[thawWarning({ pre: hooks?.preBackup, post: hooks?.postBackup, adHoc: false }) ?? []].flat(),
      ...told(raisedWait('spec.timeOut', timeOut)),
      ...(retryConfig?.maxRetry === 0 ? [] : told(raisedWait('spec.retryConfig.delay', retryConfig?.delay))),
      ...ignoredSettings(runtimeSettings).map((path) => `${path} is ignored`),
    ],
  };
}

/**
 * Returns warnings for an operator that carries sessions out in its own process, as sentences like those of
 * `checkConfiguration`.
 */
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

/** Returns the target of a configuration. Undefined if its `target.ref` is invalid. */
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
    problems.push(`spec.target.ref.namespace ${quoted(foreign)} is not the configuration's namespace`);
  }
  return problems;
}

function checkWhen(schedule = ''): string[] {
  if (schedule === '') return ['spec.schedule is missing: write a cron expression'];
  const why = checkSchedule(schedule);
  return told(why && `spec.schedule: ${why}`);
}

/** Checks each count by itself: `retentionProblem` returns only the first problem of a policy. */
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
  return told(why && `${path} ${why}`);
}

function told(problem: string | undefined): string[] {
  return problem === undefined ? [] : [problem];
}

function groupOf(apiVersion: string): string {
  return apiVersion.split('/').slice(0, -1).join('');
}

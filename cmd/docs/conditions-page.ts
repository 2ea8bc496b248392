/** Phases and conditions of Stash's kinds: what they mean, and the reasons that this program writes. */
import {
  conditionsByObject,
  executorCondition,
  hookExecutionCondition,
  type StashCondition,
} from '#src/api/conditions.ts';
import { stashCrds } from '#src/api/crds/index.ts';
import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';

import { code, page, table } from './markdown.ts';

const meanings: Readonly<Record<StashCondition['type'], string>> = {
  ValidationPassed: 'whether the spec is valid',
  BackupTargetFound: 'whether the workload exists',
  CronJobCreated: 'whether the CronJob of the schedule exists',
  DeadlineExceeded: 'the session did not end within its `timeOut`',
  BackupSkipped: 'no snapshot was taken, for the reason in the message',
  BackupDisrupted: 'the session ended before its snapshots were ready',
  RetentionPolicyApplied: 'whether the restore points that the policy does not keep were deleted',
  BackupHistoryCleaned: 'whether finished sessions beyond `backupHistoryLimit` were deleted',
  RestoreTargetFound: 'whether the workload exists',
  RestoreCompleted: 'whether nothing is left to do',
  ClaimsStaged: 'the new volumes hold the data of the restore point, and the workload still runs',
  VolumesKept: 'the present volumes stay when their claims are deleted',
  WorkloadStopped: 'no pod uses the claims',
  ClaimsSwapped: 'the claims have their new volumes',
  WorkloadStarted: 'the pods may start again',
  SwapInterrupted: 'whether the command stopped while the workload was down',
};

interface Listed {
  readonly object: string;
  readonly condition: { readonly type: string; readonly status: string; readonly reason: string };
  readonly means: string;
}

const sessionKinds = { Backup: 'BackupSession', Restore: 'RestoreSession' } as const;

const others: readonly Listed[] = [
  ...(['Backup', 'Restore'] as const).flatMap((kind) =>
    [true, false].map((ok) => ({
      object: sessionKinds[kind],
      condition: executorCondition(kind, ok),
      means: 'whether something carries the session out: a Job, or the operator',
    })),
  ),
  ...[
    ['preBackup', sessionKinds.Backup],
    ['postBackup', sessionKinds.Backup],
    ['preRestore', sessionKinds.Restore],
    ['postRestore', sessionKinds.Restore],
  ].flatMap(([hook = '', object = '']) =>
    [true, false].map((ok) => ({
      object,
      condition: hookExecutionCondition(hook, ok),
      means: `whether the ${hook} hook succeeded`,
    })),
  ),
];

export function conditionsPage(): string {
  const listed = Object.entries(conditionsByObject).flatMap(([object, conditions]) =>
    Object.values(conditions).map((condition: StashCondition) => ({
      ...{ object, condition, means: meanings[condition.type] },
    })),
  );
  const byObject = Map.groupBy([...listed, ...others], ({ object }) => object);
  return page('Conditions and phases', '`src/api/conditions.ts` or `cmd/docs/conditions-page.ts`', [
    'The phase says where an object is, in one word. The conditions say why, and the message of each has the details. `kubectl stash describe` shows both. A reason that begins with `Failed` says why a session failed.',
    '## Phases',
    table(['kind', 'phases'], stashCrds.map(phasesRow)),
    ...[...byObject].flatMap(([object, conditions]) => [
      `## Conditions of a ${object}`,
      table(
        ['type', 'meaning; the reasons, and the status of each'],
        [...Map.groupBy(conditions, ({ condition }) => condition.type)].map(typeRow),
      ),
    ]),
  ]);
}

function phasesRow({ spec }: CustomResourceDefinition): string[] {
  const [version] = spec.versions;
  const { status } = version?.schema?.openAPIV3Schema.properties ?? {};
  const phases = status?.properties?.['phase']?.enum ?? [];
  return [spec.names.kind, phases.map((phase) => code(String(phase))).join(', ')];
}

function typeRow([type, conditions]: readonly [type: string, conditions: readonly Listed[]]): string[] {
  const reasons = conditions.map(({ condition: { status, reason } }) => `${code(reason)} (${status})`);
  return [code(type), `${conditions[0]?.means ?? ''}: ${reasons.join(', ')}`];
}

/** Refuses requests that AppsCode's operator would carry out wrongly or not at all. */
import type { BackupConfiguration, RetentionPolicy } from '#src/api/stash.ts';
import { accept, failure, noChoice, type Choice, type Failure } from '#src/domain/finding.ts';
import { prunes } from '#src/domain/retention/retention-rules.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { StashError } from '#src/errors.ts';

import type { PlannedClaim } from './build-backup.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { sanitize } from '#src/domain/sanitize.ts';

/** Returns what `appscodeClass` returns, and throws its failure as a StashError. */
export function classForAppscode(...asked: Parameters<typeof appscodeClass>): string {
  return accept(appscodeClass(...asked));
}

/**
 * Returns the snapshot class to write into the configuration, because AppsCode's operator uses no default class.
 * Returns a failure 'precondition' if that operator cannot snapshot the target, or if the claims need several classes.
 */
export function appscodeClass(
  target: Target,
  planned: readonly PlannedClaim[],
  configuration: BackupConfiguration | undefined,
): Choice<string> {
  if (!targetTypes[target.kind].byAppscode) {
    return noChoice('precondition', `AppsCode's operator cannot snapshot a ${target.kind}`, {
      hint: `snapshot the Deployment that owns it, or its claims:\n${claimByClaim(target, planned)}`,
    });
  }
  const classes = [...new Set(planned.map(({ snapshotClass }) => snapshotClass ?? ''))];
  const [first = '', second] = classes;
  if (second !== undefined) {
    return noChoice(
      'precondition',
      `the claims of ${formatTarget(target)} need ${classes.length} snapshot classes (${classes.join(', ')}), and AppsCode's operator uses one for all`,
      { hint: `snapshot each claim by itself:\n${claimByClaim(target, planned)}` },
    );
  }
  if (first === '') {
    return noChoice(
      'precondition',
      "AppsCode's operator needs the name of a snapshot class, and you are not allowed to list them",
      {
        hint: 'add --snapshot-class NAME',
      },
    );
  }
  const [unfit] = classConfigured(configuration, first);
  return unfit ? { failure: unfit } : { value: first };
}

/** AppsCode's own retention would delete snapshots that `--keep-*` keeps. */
export function refuseKeepFlags(): never {
  throw new StashError(
    'precondition',
    "AppsCode's operator applies its own retention policy to all snapshots of a claim: it may delete snapshots that --keep-* keeps",
    {
      hint: "leave out --keep-*; AppsCode's operator follows spec.retentionPolicy of the BackupConfiguration",
    },
  );
}

/**
 * AppsCode's operator takes the snapshots itself, and its retention ignores the annotations of --pin and --keep-until.
 */
export function refuseMarks(): never {
  throw new StashError(
    'precondition',
    "AppsCode's operator applies its own retention policy to all snapshots of a claim, also to those with --pin or --keep-until",
    { hint: 'leave out --pin and --keep-until' },
  );
}

/**
 * Returns a failure 'precondition' for a retention policy that deletes snapshots, and none for a policy that keeps all.
 */
export function retentionBesideAppscode(retention: RetentionPolicy | undefined): Failure[] {
  if (retention === undefined || !prunes(retention)) return [];
  const why = "AppsCode's Stash operator runs here, and its retention policy deletes snapshots of any origin";
  return [failure('precondition', why, { hint: 'use --keep-all in place of the --keep flags' })];
}

/** AppsCode's operator decides itself what a driver's error means. */
export function refuseFailFast(): never {
  throw new StashError(
    'precondition',
    "AppsCode's operator carries the session out, and does not end it at the first error of a driver: --fail-fast is not supported",
    { hint: 'leave out --fail-fast; --timeout says how long this command waits' },
  );
}

function claimByClaim({ namespace }: Target, planned: readonly PlannedClaim[]): string {
  const claims = planned.map(({ claim }) => `pvc/${claim.metadata.name}`);
  return commandLine`kubectl stash snapshot ${claims} -n ${namespace}`;
}

/**
 * AppsCode's operator uses the class in the configuration. Returns a failure 'precondition' if that class is not
 * `wanted`.
 */
function classConfigured(configuration: BackupConfiguration | undefined, wanted: string): Failure[] {
  if (configuration === undefined) return [];
  const configured = configuration.spec.target?.snapshotClassName ?? '';
  if (configured === wanted) return [];
  const name = configuration.metadata.name ?? '';
  return [
    failure(
      'precondition',
      `backupconfiguration/${name} ${configured === '' ? 'names no snapshot class' : `names snapshot class ${configured}`}; its operator would not use ${wanted}`,
      { hint: sanitize(`set spec.target.snapshotClassName: ${wanted} in it, or use another with --config`) },
    ),
  ];
}

/** Refuses what AppsCode's operator would do wrongly or not at all. */
import type { BackupConfiguration } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import type { PlannedClaim } from './build-backup.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

/**
 * The snapshot class to write into the configuration, as AppsCode's operator uses no default. Throws 'precondition'
 * where it cannot snapshot the target, or not with one class.
 */
export function classForAppscode(
  target: Target,
  planned: readonly PlannedClaim[],
  configuration: BackupConfiguration | undefined,
): string {
  if (!targetTypes[target.kind].byAppscode) {
    throw new StashError('precondition', `AppsCode's operator cannot snapshot a ${target.kind}`, {
      hint: `snapshot the Deployment that owns it, or its claims:\n${claimByClaim(target, planned)}`,
    });
  }
  const classes = [...new Set(planned.map(({ snapshotClass }) => snapshotClass ?? ''))];
  const [first = '', second] = classes;
  if (second !== undefined) {
    throw new StashError(
      'precondition',
      `the claims of ${formatTarget(target)} need ${classes.length} snapshot classes (${classes.join(', ')}), and AppsCode's operator uses one for all`,
      { hint: `snapshot each claim by itself:\n${claimByClaim(target, planned)}` },
    );
  }
  if (first === '') {
    throw new StashError(
      'precondition',
      "AppsCode's operator must be told the snapshot class, and you may not list them",
      {
        hint: 'add --snapshot-class NAME',
      },
    );
  }
  checkConfigured(configuration, first);
  return first;
}

/** AppsCode's own retention would delete snapshots that `--keep-*` keeps. */
export function refuseKeepFlags(): never {
  throw new StashError(
    'precondition',
    "AppsCode's operator has a retention of its own, which deletes snapshots of a claim whoever took them: --keep-* cannot promise anything beside it",
    {
      hint: 'leave out --keep-*; spec.retentionPolicy of the BackupConfiguration is what its operator goes by',
    },
  );
}

/** AppsCode's operator decides itself what a driver's error means. */
export function refuseFailFast(): never {
  throw new StashError(
    'precondition',
    "AppsCode's operator carries the session out, and does not end it at the first error of a driver: --fail-fast cannot be honoured",
    { hint: 'leave out --fail-fast; --timeout says how long this command waits' },
  );
}

function claimByClaim({ namespace }: Target, planned: readonly PlannedClaim[]): string {
  const claims = planned.map(({ claim }) => `pvc/${claim.metadata.name}`);
  return `kubectl stash snapshot ${claims.join(' ')} -n ${namespace}`;
}

/** An operator takes the class from the configuration. Throws 'precondition' where that is another than `wanted`. */
export function checkConfigured(configuration: BackupConfiguration | undefined, wanted: string): void {
  if (configuration === undefined) return;
  const configured = configuration.spec.target?.snapshotClassName ?? '';
  if (configured === wanted) return;
  const name = configuration.metadata.name ?? '';
  throw new StashError(
    'precondition',
    `backupconfiguration/${name} ${configured === '' ? 'names no snapshot class' : `names snapshot class ${configured}`}; its operator would not use ${wanted}`,
    { hint: `set spec.target.snapshotClassName: ${wanted} in it, or use another with --config` },
  );
}

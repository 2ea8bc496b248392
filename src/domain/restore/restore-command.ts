/** How a restore was asked for, and its command line for hints that can be pasted. */
import type { Stored, Workload } from '#src/api/kubernetes.ts';

import { formatTarget, type Target } from '#src/domain/workload/target.ts';

export interface RestoreFlags {
  readonly only: readonly string[];
  readonly suffix: string | undefined;
  /** `CLAIM=NEW-NAME` each. */
  readonly claim: readonly string[];
  readonly storageClass: string | undefined;
}

/** What the restore was asked with, for hints that can be pasted. Undefined workload: it does not exist. */
export interface RestoreWords {
  readonly target: Target;
  readonly from: string;
  readonly flags: RestoreFlags;
  /** By the claim's own name: the one under which it is restored. */
  readonly names: ReadonlyMap<string, string>;
  readonly workload: Stored<Workload> | undefined;
}

/** `from`: the very restore point that was chosen, whatever is the latest by then. */
export function restoreCommand(target: Target, from: string, flags: RestoreFlags): string {
  return [
    `kubectl stash restore ${formatTarget(target)} -n ${target.namespace} --from ${from}`,
    ...(flags.only.length > 0 ? [`--only ${flags.only.join(',')}`] : []),
    ...(flags.suffix === undefined ? [] : [`--suffix ${flags.suffix}`]),
    ...flags.claim.map((pair) => `--claim ${pair}`),
    ...(flags.storageClass === undefined ? [] : [`--storage-class ${flags.storageClass}`]),
  ].join(' ');
}

/** Builds `restore` command lines for hints that can be pasted. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

import { formatTarget, type Target } from '#src/domain/workload/target.ts';

export interface RestoreFlags {
  readonly only: readonly string[];
  readonly suffix: string | undefined;
  /** `CLAIM=NEW-NAME` each. */
  readonly claim: readonly string[];
  readonly storageClass: string | undefined;
}

/** What the user asked for. `workload` undefined: it does not exist, or the user may not read it. */
export interface RestoreWords {
  readonly target: Target;
  readonly from: string;
  readonly flags: RestoreFlags;
  /** By the claim's original name: the name under which it is restored. */
  readonly names: ReadonlyMap<string, string>;
  readonly workload: Stored<KubernetesObject> | undefined;
}

/** `from`: the restore point that was chosen, not `latest`, which may be another one by then. */
export function restoreCommand(target: Target, from: string, flags: RestoreFlags): string {
  return [
    `kubectl stash restore ${formatTarget(target)} -n ${target.namespace} --from ${from}`,
    ...(flags.only.length > 0 ? [`--only ${flags.only.join(',')}`] : []),
    ...(flags.suffix === undefined ? [] : [`--suffix ${flags.suffix}`]),
    ...flags.claim.map((pair) => `--claim ${pair}`),
    ...(flags.storageClass === undefined ? [] : [`--storage-class ${flags.storageClass}`]),
  ].join(' ');
}

/** The command line of a restore, for hints that can be pasted. */
import { formatTarget, type Target } from '#src/domain/target/target.ts';

export interface RestoreFlags {
  readonly only: readonly string[];
  readonly suffix: string | undefined;
  /** `CLAIM=NEW-NAME` each. */
  readonly claim: readonly string[];
  readonly storageClass: string | undefined;
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

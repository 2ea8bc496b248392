/** Builds `restore` command lines for hints, for the user to paste. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { commandLine, flag, type FlagWord } from '#src/domain/command-line.ts';
import type { TemplateFlags } from './restore-templates.ts';

export interface RestoreFlags extends TemplateFlags {
  readonly only: readonly string[];
  readonly suffix: string | undefined;
  /** `CLAIM=NEW-NAME` each. */
  readonly claim: readonly string[];
}

/** What the user asked for. `workload` is undefined if it does not exist, or if the user may not read it. */
export interface RestoreWords {
  readonly target: Target;
  /** The chosen restore point, and not `latest`, which may be another one later. */
  readonly from: string;
  readonly flags: RestoreFlags;
  /** Writes the flags as arguments of a command line. */
  readonly written: (flags: RestoreFlags) => readonly FlagWord[];
  /** By the claim's original name: the name of the restored claim. */
  readonly names: ReadonlyMap<string, string>;
  readonly workload: Stored<KubernetesObject> | undefined;
}

/** Returns the command for the same restore. `changed` are flags that replace the user's. */
export function restoreCommand(
  { target, from, flags, written }: RestoreWords,
  changed: Partial<RestoreFlags> = {},
): string {
  const given = written({ ...flags, ...changed });
  return commandLine`kubectl stash restore ${formatTarget(target)} -n ${target.namespace} --from ${from} ${given}`;
}

/** Returns the command that restores these claims of the target in place; all claims if `only` is empty. */
export function inPlaceCommand(target: Target, from: string, only: readonly string[] = []): string {
  const given = only.length === 0 ? [] : [flag('--only', only.join(','))];
  return commandLine`kubectl stash restore ${formatTarget(target)} --in-place -n ${target.namespace} --from ${from} ${given}`;
}

/** Returns the command that restores these claims under other names; all claims if `only` is empty. */
export function besideCommand(target: Target, from: string, only: readonly string[]): string {
  const given = [
    ...(only.length === 0 ? [] : [flag('--only', only.join(','))]),
    flag('--suffix', '-restored'),
  ];
  return commandLine`kubectl stash restore ${formatTarget(target)} -n ${target.namespace} --from ${from} ${given}`;
}

/** Builds `restore` command lines for hints that can be pasted. */
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

/** What the user asked for. `workload` undefined if it does not exist, or the user may not read it. */
export interface RestoreWords {
  readonly target: Target;
  /** The restore point that was chosen, not `latest`, which may be another one by then. */
  readonly from: string;
  readonly flags: RestoreFlags;
  /** The flags, as arguments of a command line. */
  readonly written: (flags: RestoreFlags) => readonly FlagWord[];
  /** By the claim's original name: the name under which it is restored. */
  readonly names: ReadonlyMap<string, string>;
  readonly workload: Stored<KubernetesObject> | undefined;
}

/** The command for the same restore; `changed`: flags that replace the user's. */
export function restoreCommand(
  { target, from, flags, written }: RestoreWords,
  changed: Partial<RestoreFlags> = {},
): string {
  const given = written({ ...flags, ...changed });
  return commandLine`kubectl stash restore ${formatTarget(target)} -n ${target.namespace} --from ${from} ${given}`;
}

/** The command that restores these claims of the target in place; `only` empty: all. */
export function inPlaceCommand(target: Target, from: string, only: readonly string[] = []): string {
  const given = only.length === 0 ? [] : [flag('--only', only.join(','))];
  return commandLine`kubectl stash restore ${formatTarget(target)} --in-place -n ${target.namespace} --from ${from} ${given}`;
}

/** The command that restores these claims under other names; `only` empty: all. */
export function besideCommand(target: Target, from: string, only: readonly string[]): string {
  const given = [
    ...(only.length === 0 ? [] : [flag('--only', only.join(','))]),
    flag('--suffix', '-restored'),
  ];
  return commandLine`kubectl stash restore ${formatTarget(target)} -n ${target.namespace} --from ${from} ${given}`;
}

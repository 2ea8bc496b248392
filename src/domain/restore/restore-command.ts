/** How a restore was asked for, and its command line for hints that can be pasted. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { TemplateFlags } from './restore-templates.ts';

export interface RestoreFlags extends TemplateFlags {
  readonly only: readonly string[];
  readonly suffix: string | undefined;
  /** `CLAIM=NEW-NAME` each. */
  readonly claim: readonly string[];
}

/** What the restore was asked with, for hints that can be pasted. Undefined workload: it does not exist. */
export interface RestoreWords {
  readonly target: Target;
  /** The very restore point that was chosen, whatever is the latest by then. */
  readonly from: string;
  readonly flags: RestoreFlags;
  /** Flags as words of a command line. */
  readonly written: (flags: RestoreFlags) => readonly string[];
  /** By the claim's own name: the one under which it is restored. */
  readonly names: ReadonlyMap<string, string>;
  readonly workload: Stored<KubernetesObject> | undefined;
}

/** The same restore again; `changed`: but with these flags. */
export function restoreCommand(
  { target, from, flags, written }: RestoreWords,
  changed: Partial<RestoreFlags> = {},
): string {
  const given = written({ ...flags, ...changed });
  return commandLine`kubectl stash restore ${formatTarget(target)} -n ${target.namespace} --from ${from} ${given}`;
}

/** Flags that several commands share; spread them into a command's `flags`. */
import { defaultClaimsPerSession, mostClaimsPerSession } from '#src/domain/spec-limits.ts';

import type { TimeZone } from '#src/report/time.ts';

import type { Flag } from './command.ts';
import type { Context } from './context.ts';

/** `dryRun: dryRunFlag('client')`. As with kubectl, `--dry-run=none` is the same as no flag: the value is undefined. */
export function dryRunFlag<const C extends readonly ('client' | 'server')[]>(...choices: C) {
  return {
    type: 'string',
    choices,
    absent: 'none',
    description: 'Print what would be done, and change nothing.',
  } as const satisfies Flag;
}

/** Adds `--selector`, `-l`. */
export const selectorFlag = {
  selector: {
    type: 'string',
    alias: 'l',
    valueName: 'SELECTOR',
    description: 'Label selector, as kubectl takes it: app=web,tier!=cache.',
  },
} as const satisfies Record<string, Flag>;

/** Adds `--all-namespaces`, `-A`. */
export const allNamespacesFlag = {
  allNamespaces: { type: 'boolean', alias: 'A', description: 'Look in all namespaces.' },
} as const satisfies Record<string, Flag>;

/** Adds `--no-headers`. */
export const noHeadersFlag = {
  noHeaders: { type: 'boolean', description: 'Print no headers.' },
} as const satisfies Record<string, Flag>;

/** Adds `--utc`; `timeZone` is what it means. */
export const utcFlag = {
  utc: { type: 'boolean', description: 'Print times in UTC instead of local time.' },
} as const satisfies Record<string, Flag>;

export function timeZone({ utc }: { readonly utc: boolean }, context: Pick<Context, 'utcOffset'>): TimeZone {
  return utc ? 'utc' : { local: context.utcOffset };
}

/** Adds `--from` of commands that read a restore point. */
export const fromFlag = {
  from: {
    type: 'string',
    default: 'latest',
    valueName: 'SESSION',
    completes: 'restore-point',
    description:
      'Restore point: a name that "kubectl stash list" prints, or latest for the newest complete one, -2 for the second newest, or the newest complete one by a time: 3h or 2d (ago), yesterday, 2026-11-28, 2026-11-28T03:00 (local time).',
  },
} as const satisfies Record<string, Flag>;

/** Adds `--root` of commands that read the volume of their pod. */
export const rootFlag = {
  root: {
    type: 'string',
    default: '/',
    valueName: 'DIRECTORY',
    description: 'Where the volume is mounted.',
  },
} as const satisfies Record<string, Flag>;

/** The description of `--timeout` of the commands that take a snapshot. */
export const backupTimeoutText =
  "How long this command waits; a session that an operator carries out goes on after that. By default the configuration's timeOut, else 10m.";

/** How many claims a session may have for the executor that runs the command. */
export const claimsFlag = {
  claimsPerSession: {
    type: 'number',
    default: defaultClaimsPerSession,
    minimum: 1,
    maximum: mostClaimsPerSession,
    valueName: 'N',
    description: 'Refuse sessions with more claims than this.',
  },
} as const satisfies Record<string, Flag>;

/** Adds `--progress`, the `ProgressMode` of `display.ts`. */
export const progressFlag = {
  progress: {
    type: 'string',
    choices: ['auto', 'live', 'plain'],
    default: 'auto',
    description:
      'How running sessions are shown on stderr: as a table that is redrawn (live), as a line for each change (plain), or live if stderr is a terminal, else plain (auto).',
  },
} as const satisfies Record<string, Flag>;

/** Which executor carries a session out, whether the command follows it, and how it shows that. */
export const executionFlags = {
  executor: {
    type: 'string',
    choices: ['auto', 'operator', 'local'],
    default: 'auto',
    description:
      'Who carries the session out: an operator in the cluster (operator), this command (local), or an operator if there is one, else this command (auto).',
  },
  wait: {
    type: 'boolean',
    default: true,
    description: 'Follow the session to its end; --wait=false needs an operator.',
  },
  allowHookHosts: {
    type: 'boolean',
    default: false,
    description:
      'Let HTTP and TCP hooks with a host connect to it from here. By default they connect to pods of the target only.',
  },
  ...claimsFlag,
  ...progressFlag,
} as const satisfies Record<string, Flag>;

/** The words of `Environment.podsOnly` for a command that has the flags above. */
export function podsOnly({ allowHookHosts }: { readonly allowHookHosts: boolean }): string | undefined {
  return allowHookHosts
    ? undefined
    : 'without --allow-hook-hosts, this command connects to pods of the target only';
}

/** Reads what `kubectl stash restore` is asked to restore, and refuses flags that do not go together. */
import type { Named } from '#src/api/kubernetes.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { changedFlags } from '#src/cli/changed-flags.ts';
import type { Flags } from '#src/cli/command.ts';
import type { Connection, Context } from '#src/cli/context.ts';
import { fromFlag, selectorFlag } from '#src/cli/flags.ts';
import { readDocuments } from '#src/cli/read-documents.ts';
import { parseTargets, type TargetArguments } from '#src/domain/arguments/target-arguments.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { accept } from '#src/domain/finding.ts';
import { checkRestoreSession } from '#src/domain/restore/check-restore-session.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { parseStripped } from '#src/domain/restore/strip-labels.ts';
import { parseMoment } from '#src/domain/restore-points/moment.ts';
import { parseLabelQuery } from '#src/domain/workload/label-query.ts';
import { readTarget, type Target } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';
import type { PreparedRestore } from '#src/session/plan/prepare-restore.ts';

import { restoreFlags, wishes, type RestoreArgs } from './flags.ts';
import { inPlaceFlags } from './in-place.ts';

export type Request =
  | { readonly file: Named<RestoreSession> }
  | { readonly target: Pick<Target, 'kind' | 'name'> }
  /** No kinds: all. */
  | { readonly all: Pick<TargetArguments, 'kinds'> };

/** Checks the command line and the file before the command connects. Throws 'usage'. */
export async function readRequest(args: RestoreArgs, context: Context): Promise<Request> {
  refuseInPlaceFlags(args.flags);
  const { filename, all, selector, stripLabel } = args.flags;
  parseStripped(stripLabel);
  if (all || selector !== undefined) return { all: readMany(args, context.now()) };
  if (filename !== undefined) return { file: await readFile(args, filename, context) };
  const { names } = parseTargets(args.words);
  const [target, second] = names;
  if (target === undefined || second !== undefined) {
    throw new StashError('usage', 'restore takes one TYPE/NAME at a time', {
      hint: 'kubectl stash restore TYPE/NAME',
    });
  }
  return { target };
}

/** Throws 'usage' for flags that do not go together with `--in-place`, or not without it. */
function refuseInPlaceFlags(flags: RestoreArgs['flags']): void {
  if (!flags.inPlace) {
    const given = changedFlags(inPlaceFlags, flags);
    if (given.length === 0) return;
    throw new StashError('usage', `${given.join(', ')} ${given.length === 1 ? 'needs' : 'need'} --in-place`, {
      hint: `add --in-place, or leave out ${given.join(', ')}`,
    });
  }
  const { all, filename, wait } = restoreFlags;
  const { suffix, claim, storageClass, stripLabel } = wishes;
  const others = { all, ...selectorFlag, filename, suffix, claim, storageClass, stripLabel, wait };
  refuseBeside('--in-place', others, flags);
}

/** Checks the command line of `--all` and `-l`. Throws 'usage'. */
function readMany({ words, flags }: RestoreArgs, now: Date): Pick<TargetArguments, 'kinds'> {
  const { all, selector, from } = flags;
  const chosenBy = all ? '--all' : '-l';
  if (all && selector !== undefined) {
    throw new StashError('usage', '--all and -l are mutually exclusive', { hint: 'leave out --all' });
  }
  if (selector?.trim() === '') {
    throw new StashError('usage', '-l is empty, and would select all workloads', {
      hint: 'set the variable that stands there, or write --all',
    });
  }
  const { filename } = restoreFlags;
  const { only, claim } = wishes;
  refuseBeside(chosenBy, { filename, only, claim }, flags, ', or restore one workload by its name');
  if (from !== 'latest' && parseMoment(from, now) === undefined) {
    throw new StashError('usage', `with ${chosenBy}, --from takes a time, not a session`, {
      hint: 'write it as in --from 3h, --from yesterday or --from 2026-11-28T03:00',
    });
  }
  parseLabelQuery(selector ?? '');
  return words.length === 0 ? { kinds: [] } : parseTargets(words, { names: 'refused' });
}

function refuseBeside<F extends Flags>(
  flag: string,
  others: F,
  values: { readonly [K in keyof F]: unknown },
  orElse = '',
): void {
  const clashing = changedFlags(others, values);
  if (clashing.length === 0) return;
  throw new StashError('usage', `${flag} and ${clashing.join(', ')} are mutually exclusive`, {
    hint: `leave out ${clashing.join(' and ')}${orElse}`,
  });
}

async function readFile(
  { words, flags }: RestoreArgs,
  filename: string,
  context: Context,
): Promise<Named<RestoreSession>> {
  const clashing = changedFlags({ ...wishes, ...fromFlag }, flags);
  if (words.length > 0) clashing.push('TYPE/NAME');
  if (clashing.length > 0) {
    throw new StashError(
      'usage',
      `-f and ${clashing.join(', ')} are mutually exclusive: the file names the claims`,
      { hint: commandLine`kubectl stash restore -f ${filename}` },
    );
  }
  const file = accept(checkRestoreSession(await readDocuments(filename, context), filename));
  templatesOfFile(file, filename, flags.claimsPerSession);
  return file;
}

export function namespaceOf(request: Request, args: RestoreArgs, { namespace }: Connection): string {
  const own = 'file' in request ? request.file.metadata.namespace : undefined;
  if (own === undefined) return namespace;
  const flag = args.connection.namespace;
  if (flag !== undefined && flag !== own) {
    throw new StashError('usage', `the namespace of the RestoreSession is ${own}, not ${flag}`, {
      hint: `leave out -n, or use ${commandLine`-n ${own}`}`,
    });
  }
  return own;
}

/** Checks the file again, since only now the namespace is known. */
export function fromFile(
  file: Named<RestoreSession>,
  { filename = '', claimsPerSession }: RestoreArgs['flags'],
  namespace: string,
): PreparedRestore {
  const session = { ...file, metadata: { ...file.metadata, namespace } };
  const templates = templatesOfFile(session, filename, claimsPerSession);
  return { session, templates, notes: [], target: readTarget(session) };
}

function templatesOfFile(file: RestoreSession, filename: string, claims: number): VolumeClaimTemplate[] {
  try {
    return expandTemplates(file, claims);
  } catch (error) {
    if (!isStashError(error, 'invalid')) throw error;
    throw new StashError('usage', `${filename}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

import type { Named } from '#src/api/kubernetes.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { defineCommand, type Args, type Flags } from '#src/cli/command.ts';
import type { Connection, Context } from '#src/cli/context.ts';
import { openDisplay } from '#src/cli/display.ts';
import { printEnds } from '#src/cli/ends.ts';
import { dryRunFlag, executionFlags, podsOnly } from '#src/cli/flags.ts';
import { outputFlag, printOutcome, wouldBe } from '#src/cli/output.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { readDocuments } from '#src/cli/read-documents.ts';
import { longName } from '#src/cli/tokens.ts';
import { givenFlags, writeFlags } from '#src/cli/write-flags.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { checkRestoreSession } from '#src/domain/restore/check-restore-session.ts';
import { formatGoDuration } from '#src/domain/duration.ts';
import { accept } from '#src/domain/finding.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { hooksOfRestore } from '#src/domain/hooks/hooks.ts';
import { restoreSessionName } from '#src/domain/workload/names.ts';
import { restoreCommand } from '#src/domain/restore/restore-command.ts';
import { commandLineId } from '#src/domain/session/holder.ts';
import { timeLimitMs } from '#src/domain/session/session-status.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { readTarget, type Target } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { leaveRestore, takeRestore } from '#src/follow/take-restore.ts';
import { findUnfinishedRestore } from '#src/session/plan/begin-restore.ts';
import { executorByDiscovery } from '#src/session/holding/executor.ts';
import { planRestore } from '#src/session/plan/plan-restore.ts';
import { prepareRestore, type PreparedRestore } from '#src/session/plan/prepare-restore.ts';
import { clientDryRun, dryRunRestore, serverDryRun } from '#src/session/plan/dry-run.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

/** Which claims to restore, and how. Refused with `-f`, and repeated in the commands of hints. */
const wishes = {
  only: {
    type: 'string[]',
    commas: true,
    valueName: 'CLAIM',
    completes: 'claim',
    description: 'Restore these claims only.',
  },
  suffix: {
    type: 'string',
    valueName: 'SUFFIX',
    description: 'Restore beside existing claims: add this to the name of each restored claim.',
  },
  claim: {
    type: 'string[]',
    valueName: 'CLAIM=NAME',
    description: 'Restore a claim under another name; may be repeated.',
  },
  storageClass: {
    type: 'string',
    valueName: 'CLASS',
    completes: 'storage-class',
    description: 'StorageClass of the restored claims; by default the class of each original claim.',
  },
} as const satisfies Flags;

const flags = {
  from: {
    type: 'string',
    default: 'latest',
    valueName: 'SESSION',
    completes: 'restore-point',
    description:
      'Restore point: a name that "kubectl stash list" prints, or latest for the newest complete one, -2 for the second newest, or the newest complete one by a time: 3h or 2d (ago), yesterday, 2026-11-28, 2026-11-28T03:00 (local time).',
  },
  ...wishes,
  filename: {
    type: 'string',
    alias: 'f',
    valueName: 'FILE',
    description: 'Carry out the RestoreSession in this file (- for standard input).',
  },
  timeout: {
    type: 'duration',
    valueName: 'DURATION',
    description:
      "How long this command waits; also spec.timeOut of a session that it creates. By default the session's timeOut, else 10m.",
  },
  ...executionFlags,
  dryRun: dryRunFlag('client', 'server'),
  output: outputFlag('objects'),
} as const;

type RestoreArgs = Args<typeof flags>;

export const command = defineCommand({
  name: 'restore',
  usage: 'restore (TYPE/NAME | -f FILE) [flags]',
  description: `Restore the volumes of a workload from a restore point, and wait until each of them can be used.

Missing claims are restored under their own names, with their class, size, access modes, labels and annotations. The workload, the session and the claims need not exist any more. An existing claim is never overwritten: the command prints how to restore beside it, or in place.`,
  examples: [
    '# Restore the claims of a deployment from its newest complete restore point\nkubectl stash restore deploy/foo',
    '# Restore beside existing claims\nkubectl stash restore deploy/foo --suffix -restored',
    '# Restore one claim from a given restore point\nkubectl stash restore sts/db --from sts-db-1732427120 --only data-db-0',
    '# Carry out a RestoreSession\nkubectl stash restore -f restoresession.yaml',
  ],
  flags,
  positionals: { name: 'TYPE/NAME', completes: 'target' },
  async run(args, context) {
    const request = await readRequest(args, context);
    const connection = await context.cluster(args.connection);
    const namespace = namespaceOf(request, args, connection);
    const reader = readerOf(connection.cluster, namespace);
    const executor = executorByDiscovery(await reader.groups(), args.flags.executor);
    const prepared = request.file
      ? fromFile(request.file, args.flags, namespace)
      : await prepareRestore(
          reader,
          {
            target: { ...request.target, namespace },
            from: args.flags.from,
            flags: args.flags,
            written: (given) => writeFlags(wishes, given),
          },
          context.now(),
        );
    const { templates, words, notes, target } = prepared;
    const session = withTimeOut(prepared.session, args.flags.timeout);

    const unfinished = await findUnfinishedRestore(connection, session);
    const { wait, dryRun, output } = args.flags;
    const { user } = connection;
    const hooks = hooksOfRestore(session);
    const plan = await planRestore(reader, {
      ...{ templates, words, resumed: unfinished, executor, wait, user, hooks },
    });
    if (!wait && executor !== 'appscode' && executor !== 'operator') {
      throw new StashError(
        'precondition',
        '--wait=false needs an operator, and the command cannot tell whether there is one',
        {
          hint: 'leave out --wait=false, or add --executor=operator',
        },
      );
    }
    if (dryRun !== undefined) {
      for (const note of [...notes, ...plan.notes]) printLine(context.err, `note: ${note}`);
      const objects = dryRun === 'server' ? serverDryRun(connection.cluster) : clientDryRun(context.now());
      await dryRunRestore(objects, session, plan.templates);
      await printOutcome(context.out, output, objects.shown, wouldBe('created', dryRun));
      return;
    }
    const again = words
      ? restoreCommand(words)
      : commandLine`kubectl stash restore -f ${args.flags.filename ?? '-'}`;
    const nameAt = words && ((at: Date) => restoreSessionName(words.target, at));
    if (!wait) {
      const { cluster } = connection;
      const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
      const limitMs = args.flags.timeout;
      const created = unfinished ?? (await leaveRestore(environment, { session, nameAt, limitMs, again }));
      await printOutcome(context.out, output, created, 'created');
      return;
    }

    const display = await openDisplay(context);
    for (const note of [...notes, ...plan.notes]) display.say(`note: ${note}`);
    const { cluster } = connection;
    const timeoutMs = args.flags.timeout ?? timeLimitMs(session.spec.timeOut);
    const work = takeRestore(
      {
        ...{ cluster, clock: context, signal: context.signal, tell: display.say, onChange: display.show },
        podsOnly: podsOnly(args.flags),
      },
      {
        wanted: session,
        nameAt,
        unfinished,
        plan,
        target,
        namespace,
        executor,
        id: commandLineId(),
        timeoutMs,
        limitMs: args.flags.timeout,
        again,
        say: display.say,
      },
    );
    await printEnds([work], { context, cluster, format: output, close: display.close });
  },
});

/** Writes the command's timeout to the session, so that it also applies if an operator carries the session out. */
function withTimeOut(session: Named<RestoreSession>, timeoutMs: number | undefined): Named<RestoreSession> {
  if (timeoutMs === undefined) return session;
  return { ...session, spec: { ...session.spec, timeOut: formatGoDuration(timeoutMs) } };
}

type Request =
  | { readonly file: Named<RestoreSession> }
  | { readonly file?: undefined; readonly target: Pick<Target, 'kind' | 'name'> };

/** Checks the command line and the file before the command connects. Throws 'usage'. */
async function readRequest(args: RestoreArgs, context: Context): Promise<Request> {
  const { filename, from } = args.flags;
  if (filename === undefined) {
    const { names } = parseTargets(args.words);
    const [target, second] = names;
    if (target === undefined || second !== undefined) {
      throw new StashError('usage', 'restore takes one TYPE/NAME at a time', {
        hint: 'kubectl stash restore deploy/foo',
      });
    }
    return { target };
  }
  const clashing = givenFlags(wishes, args.flags).map((name) => `--${longName(name)}`);
  if (from !== 'latest') clashing.push('--from');
  if (args.words.length > 0) clashing.push('TYPE/NAME');
  if (clashing.length > 0) {
    throw new StashError(
      'usage',
      `-f and ${clashing.join(', ')} are mutually exclusive: the file names the claims`,
      {
        hint: commandLine`kubectl stash restore -f ${filename}`,
      },
    );
  }
  const file = accept(checkRestoreSession(await readDocuments(filename, context), filename));
  templatesOfFile(file, filename, args.flags.claimsPerSession);
  return { file };
}

function namespaceOf(request: Request, args: RestoreArgs, { namespace }: Connection): string {
  const own = request.file?.metadata.namespace;
  if (own === undefined) return namespace;
  const flag = args.connection.namespace;
  if (flag !== undefined && flag !== own) {
    throw new StashError('usage', `the namespace of the RestoreSession is ${own}, not ${flag}`, {
      hint: `leave out -n, or use ${commandLine`-n ${own}`}`,
    });
  }
  return own;
}

function templatesOfFile(file: RestoreSession, filename: string, claims: number): VolumeClaimTemplate[] {
  try {
    return expandTemplates(file, claims);
  } catch (error) {
    if (!isStashError(error, 'invalid')) throw error;
    throw new StashError('usage', `${filename}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/** Checks the file again, since only now the namespace is known. */
function fromFile(
  file: Named<RestoreSession>,
  { filename = '', claimsPerSession }: RestoreArgs['flags'],
  namespace: string,
): PreparedRestore {
  const session = { ...file, metadata: { ...file.metadata, namespace } };
  const templates = templatesOfFile(session, filename, claimsPerSession);
  return { session, templates, notes: [], target: readTarget(session) };
}

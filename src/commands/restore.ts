import type { Named, Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { defineCommand } from '#src/cli/command.ts';
import type { Connection, Context } from '#src/cli/context.ts';
import { checkProgress, openDisplay, shareSay } from '#src/cli/display.ts';
import { ofSome, printEnds, settleAll, throwAll } from '#src/cli/ends.ts';
import { podsOnly } from '#src/cli/flags.ts';
import { oneOrMany, printOutcome, wouldBe } from '#src/cli/output.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { writeFlags } from '#src/cli/write-flags.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatGoDuration } from '#src/domain/duration.ts';
import { refuse } from '#src/domain/finding.ts';
import { hooksOfRestore } from '#src/domain/hooks/hooks.ts';
import { refuseSwappedClaims } from '#src/domain/in-place/unfinished-swap.ts';
import { restoreSessionName } from '#src/domain/workload/names.ts';
import { restoreCommand, type RestoreFlags, type RestoreWords } from '#src/domain/restore/restore-command.ts';
import { commandLineId } from '#src/domain/session/holder.ts';
import { timeLimitMs } from '#src/domain/session/session-status.ts';
import { readTarget } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { leaveRestore, takeRestore } from '#src/follow/take-restore.ts';
import { findUnfinishedRestore } from '#src/session/plan/begin-restore.ts';
import { executorByDiscovery, type Executor } from '#src/session/holding/executor.ts';
import { planRestore, type RestorePlan } from '#src/session/plan/plan-restore.ts';
import { prepareRestore, type PreparedRestore } from '#src/session/plan/prepare-restore.ts';
import { clientDryRun, dryRunRestore, serverDryRun } from '#src/session/plan/dry-run.ts';
import { readerOf, type NamespaceReader } from '#src/session/plan/namespace-reader.ts';
import { prepareRestores, type PreparedRestores } from '#src/session/plan/prepare-restores.ts';

import { restoreFlags, wishes, type RestoreArgs } from './restore/flags.ts';
import { restoreInPlace } from './restore/in-place.ts';
import { fromFile, namespaceOf, readRequest, type Request } from './restore/read-request.ts';

export const command = defineCommand({
  name: 'restore',
  usage: 'restore (TYPE/NAME | -l SELECTOR | --all | -f FILE) [flags]',
  description: `Restore the volumes of a workload from a restore point, and wait until each of them can be used.

Missing claims are restored under their own names, with their class, size, access modes, labels and annotations. The workload, the session and the claims need not exist any more. If a claim exists, the command refuses, and prints how to restore in place, or beside it.

With --in-place, existing claims get new volumes with the data of the restore point, and their present volumes are kept. The command makes the new volumes while the workload runs; then it stops the pods, replaces the claims, and starts the pods again. It prints the plan first, and asks you to type the name of the workload. "kubectl stash undo" goes back to the kept volumes, and "kubectl stash forget" gives them up. If the command has to stop while the workload is down, it exits with 7: run it again to go on, or "undo" to go back.

With --all or -l, each workload of the namespace (of one type, as in sts --all), and each claim that was snapshotted by itself, is restored if its claims do not exist, from its newest complete restore point (or the newest one by --from). This includes workloads that were deleted: --dry-run=client shows all of them. A workload whose claims exist is skipped with a note. One that cannot be restored does not keep the others from being restored: the command says at the end why it was not, and exits with 1. You can run the command again at any time.

-l selects by the labels of the workload. If the workload does not exist, -l selects by the labels that its claims had when they were snapshotted: one of them must match.`,
  examples: [
    '# Restore the claims of a deployment from its newest complete restore point\nkubectl stash restore deploy/foo',
    "# Put yesterday's data into a running deployment, and keep its present volumes\nkubectl stash restore deploy/foo --in-place --from yesterday",
    '# Restore beside existing claims\nkubectl stash restore deploy/foo --suffix -restored',
    '# Restore one claim from a given restore point\nkubectl stash restore sts/db --from sts-db-1732427120 --only data-db-0',
    '# Restore everything that a namespace has lost, as it was last night\nkubectl stash restore --all -n shop --from yesterday',
    '# Restore the statefulsets with a label\nkubectl stash restore sts -l app=db',
    '# Carry out a RestoreSession\nkubectl stash restore -f restoresession.yaml',
  ],
  flags: restoreFlags,
  positionals: { name: 'TYPE/NAME', completes: 'target' },
  async run(args, context) {
    checkProgress(context, args.flags.progress);
    const request = await readRequest(args, context);
    const connection = await context.cluster(args.connection);
    if (args.flags.inPlace && 'target' in request) {
      await restoreInPlace({ ...args.flags, target: request.target }, context, connection);
      return;
    }
    const namespace = namespaceOf(request, args, connection);
    const reader = readerOf(connection.cluster, namespace);
    const executor = executorByDiscovery(await reader.groups(), args.flags.executor);
    const { wait } = args.flags;
    const wanted = await prepare(request, reader, args, context);
    const { done: plans, errors } = await settleAll(
      wanted.prepared.map(async (work): Promise<Planned> => {
        const prepared = await work;
        const { templates, words } = prepared;
        const session = withTimeOut(prepared.session, args.flags.timeout);
        const claims = templates.map(({ metadata }) => metadata.name);
        const target = readTarget(session);
        refuse(refuseSwappedClaims({ target, claims }, await reader.restoreSessions()));
        const unfinished = await findUnfinishedRestore(reader, session);
        const hooks = hooksOfRestore(session);
        const { user } = connection;
        const plan = await planRestore(reader, {
          ...{ templates, words, resumed: unfinished, executor, wait, user, hooks },
        });
        return { ...prepared, session, unfinished, plan };
      }),
    );
    if (!('all' in request)) throwAll(errors);
    const refused = ofSome([...errors, ...wanted.refused]);
    if (!wait && executor !== 'appscode' && executor !== 'operator') {
      throw new StashError(
        'precondition',
        '--wait=false needs an operator, and the command cannot tell whether there is one',
        {
          hint: 'leave out --wait=false, or add --executor=operator',
        },
      );
    }
    const notes = [...wanted.notes, ...plans.flatMap(({ notes, plan }) => [...notes, ...plan.notes])];
    const all = { plans, notes, refused };
    if (args.flags.dryRun !== undefined) await dryRun(args.flags.dryRun, all, args, context, connection);
    else if (wait) await followAll(all, { namespace, executor }, args, context, connection);
    else await createOnly(all, args, context, connection);
  },
});

interface Planned extends PreparedRestore {
  /** The session to go on with; undefined: create one. */
  readonly unfinished: Stored<RestoreSession> | undefined;
  readonly plan: RestorePlan;
}

interface AllPlanned {
  readonly plans: readonly Planned[];
  readonly notes: readonly string[];
  /** Told at the end: what keeps the other workloads from being restored. */
  readonly refused: readonly StashError[];
}

async function prepare(
  request: Request,
  reader: NamespaceReader,
  args: RestoreArgs,
  context: Context,
): Promise<PreparedRestores> {
  const { namespace } = reader;
  const { flags } = args;
  const wishesOf = { from: flags.from, flags, written: (given: RestoreFlags) => writeFlags(wishes, given) };
  if ('all' in request) {
    const { kinds } = request.all;
    return prepareRestores(reader, { ...wishesOf, kinds, selector: flags.selector }, context.now());
  }
  const prepared =
    'file' in request
      ? fromFile(request.file, flags, namespace)
      : await prepareRestore(
          reader,
          { ...wishesOf, target: { ...request.target, namespace } },
          context.now(),
        );
  return { prepared: [Promise.resolve(prepared)], notes: [], refused: [] };
}

async function dryRun(
  mode: 'client' | 'server',
  { plans, notes, refused }: AllPlanned,
  { flags: { output } }: RestoreArgs,
  context: Context,
  { cluster }: Connection,
): Promise<void> {
  for (const note of notes) printLine(context.err, `note: ${note}`);
  const objects = mode === 'server' ? serverDryRun(cluster) : clientDryRun(context.now());
  const failed: StashError[] = [];
  for (const { session, plan } of plans) {
    const { errors } = await settleAll([dryRunRestore(objects, session, plan.templates)]);
    failed.push(...errors);
  }
  if (objects.shown.length > 0)
    await printOutcome(context.out, output, objects.shown, wouldBe('created', mode));
  throwAll([...failed, ...refused]);
}

async function createOnly(
  { plans, notes, refused }: AllPlanned,
  args: RestoreArgs,
  context: Context,
  { cluster }: Connection,
): Promise<void> {
  for (const note of notes) printLine(context.err, `note: ${note}`);
  const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
  const { output, timeout: limitMs } = args.flags;
  const { done, errors } = await settleAll(
    plans.map(
      async ({ unfinished, session, words }) =>
        unfinished ??
        (await leaveRestore(environment, {
          ...{ session, nameAt: nameAt(words), limitMs, again: againOf(words, args) },
        })),
    ),
  );
  if (done.length > 0) await printOutcome(context.out, output, oneOrMany(done), 'created');
  throwAll([...errors, ...refused]);
}

async function followAll(
  { plans, notes, refused }: AllPlanned,
  { namespace, executor }: { readonly namespace: string; readonly executor: Executor | undefined },
  args: RestoreArgs,
  context: Context,
  { cluster }: Connection,
): Promise<void> {
  const display = await openDisplay(context, args.flags.progress);
  const sayOfSession = shareSay(display.say);
  for (const note of notes) display.say(`note: ${note}`);
  const { timeout, output } = args.flags;
  const environment = {
    ...{ cluster, clock: context, signal: context.signal, tell: display.say, onChange: display.show },
    podsOnly: podsOnly(args.flags),
  };
  const work = plans.map(({ session, words, unfinished, plan, target }) =>
    takeRestore(environment, {
      ...{ wanted: session, nameAt: nameAt(words), unfinished, plan, target, namespace, executor },
      id: commandLineId(),
      timeoutMs: timeout ?? timeLimitMs(session.spec.timeOut),
      limitMs: timeout,
      again: againOf(words, args),
      say: sayOfSession(),
    }),
  );
  await printEnds(work, { context, cluster, format: output, refused, close: display.close });
}

/** The command that goes on with the session. */
function againOf(words: RestoreWords | undefined, { flags: { filename = '-' } }: RestoreArgs): string {
  return words ? restoreCommand(words) : commandLine`kubectl stash restore -f ${filename}`;
}

/** Undefined: the session's name comes from a file. */
function nameAt(words: RestoreWords | undefined): ((at: Date) => string) | undefined {
  return words && ((at) => restoreSessionName(words.target, at));
}

/** Writes the command's timeout to the session, so that it also applies if an operator carries the session out. */
function withTimeOut(session: Named<RestoreSession>, timeoutMs: number | undefined): Named<RestoreSession> {
  if (timeoutMs === undefined) return session;
  return { ...session, spec: { ...session.spec, timeOut: formatGoDuration(timeoutMs) } };
}

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import type { Connection, Context } from '#src/cli/context.ts';
import { checkProgress, openDisplay, shareSay } from '#src/cli/display.ts';
import { ofSome, printEnds, settleAll, throwAll } from '#src/cli/ends.ts';
import { backupTimeoutText, dryRunFlag, executionFlags, podsOnly, selectorFlag } from '#src/cli/flags.ts';
import { checkHookFlags, hookFlags } from '#src/cli/hook-flags.ts';
import { keepFlags, retentionPolicyOf } from '#src/cli/keep-flags.ts';
import { oneOrMany, outputFlag, printOutcome, wouldBe } from '#src/cli/output.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { commandLineId } from '#src/domain/session/holder.ts';
import { commandHooks } from '#src/domain/hooks/hooks.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import type { KeepWishes } from '#src/domain/restore-points/keeping.ts';
import { parseUntil } from '#src/domain/restore-points/moment.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { leaveSnapshot, takeSnapshot, timeoutOf, type SnapshotOptions } from '#src/follow/take-snapshot.ts';
import { checkBackup } from '#src/session/plan/begin-backup.ts';
import { planBackup, type BackupPlan } from '#src/session/plan/plan-backup.ts';
import { checkNoSwap } from '#src/session/plan/refuse-during-swap.ts';
import { clientDryRun, dryRunBackup, serverDryRun } from '#src/session/plan/dry-run.ts';
import { dryRunRetention } from '#src/session/plan/dry-run-retention.ts';
import { selectTargets } from '#src/session/plan/select-targets.ts';
import { readerOf, type NamespaceReader } from '#src/session/plan/namespace-reader.ts';

const flags = {
  ...selectorFlag,
  all: { type: 'boolean', description: 'Snapshot every object of the given types in the namespace.' },
  snapshotClass: {
    type: 'string',
    valueName: 'CLASS',
    completes: 'snapshot-class',
    description:
      "VolumeSnapshotClass to use; by default the configuration's, else the default or only class of each claim's driver.",
  },
  config: {
    type: 'string',
    valueName: 'NAME',
    completes: 'configuration',
    description: 'BackupConfiguration to use if the target has several.',
  },
  timeout: {
    type: 'duration',
    positive: true,
    valueName: 'DURATION',
    description: backupTimeoutText,
  },
  failFast: {
    type: 'boolean',
    description:
      'Fail at the first error that a driver reports, although drivers often recover. Operators cannot do this, so this command carries the session out itself; refused if an operator has to.',
  },
  pin: {
    type: 'boolean',
    description: 'Keep the restore point until a user unpins it or deletes it with --force.',
  },
  keepUntil: {
    type: 'string',
    valueName: 'TIME',
    description:
      'Keep the restore point until this time (72h, 3d, 2026-12-24, 2026-12-24T18:00). After it, retention may delete it: that of the schedule, or --keep flags.',
  },
  ...hookFlags,
  ...keepFlags,
  ...executionFlags,
  dryRun: dryRunFlag('client', 'server'),
  output: outputFlag('objects'),
} as const;

type SnapshotArgs = Args<typeof flags>;

export const command = defineCommand({
  name: 'snapshot',
  usage: 'snapshot (TYPE/NAME... | TYPE -l SELECTOR | TYPE --all) [flags]',
  description: `Take a snapshot of every volume of a workload, and wait until each of them can be restored.

A snapshot is crash-consistent per volume: it holds what a machine would find on its disk after a power cut. It causes no downtime. With --pre and --post, the application is quiesced while the snapshots are cut. The VolumeSnapshots stay when the workload, its claims or the session are deleted; some drivers delete their data with the volume.

The command deletes nothing. The restore point stays until a user deletes it, and no schedule's retention policy counts it.

With a --keep flag, older restore points of the target that users made are deleted once the new one is complete. A restore point stays if any --keep flag keeps it, if it is pinned, or if it was made with --keep-until and the time has not come. The newest complete restore point is never deleted, nor is what a schedule or another tool made.

With -l or --all, objects without claims are skipped with a note. An object that cannot be taken does not keep the others from being taken: the command says at the end why it was not, and exits with 1.

TYPE is a deployment, statefulset, daemonset, replicaset, replicationcontroller or persistentvolumeclaim, in any of kubectl's spellings.`,
  examples: [
    '# Snapshot the volumes of a deployment\nkubectl stash snapshot deploy/foo',
    '# Snapshot every statefulset with a label\nkubectl stash snapshot sts -l app=db',
    '# Snapshot every workload of a namespace that has claims\nkubectl stash snapshot deploy,sts,ds --all -n shop',
    '# Keep the last five restore points, and one for each of seven days\nkubectl stash snapshot deploy/foo --keep-last 5 --keep-daily 7',
    '# Keep what is there before an upgrade\nkubectl stash snapshot deploy/foo --pin',
    '# Quiesce the application while its snapshots are cut\nkubectl stash snapshot deploy/foo --pre "app pause" --post "app resume"',
    '# Show what would be created\nkubectl stash snapshot deploy/foo --dry-run=client -o yaml',
  ],
  flags,
  positionals: { name: 'TYPE/NAME, or TYPE with -l or --all', minimum: 1, completes: 'target' },
  async run(args, context) {
    const wanted = checkWords(args);
    checkProgress(context, args.flags.progress);
    const keep = keepWishes(args.flags, context.now());
    const connection = await context.cluster(args.connection);
    const reader = readerOf(connection.cluster, connection.namespace);
    const targets: readonly Target[] =
      wanted.names.length > 0
        ? wanted.names.map((name) => ({ ...name, namespace: connection.namespace }))
        : await selectTargets(reader, wanted.kinds, args.flags.selector);

    const { done: plans, errors } = await settleAll(
      targets.map(async (target) => {
        const options = optionsFor(target, args, connection, keep);
        await checkNoSwap(reader, target);
        const plan = await planBackup(reader, options.request);
        const timeoutMs = timeoutOf(plan, args.flags.timeout);
        const byDiscovery = await checkBackup(reader, plan, { ...options, wait: args.flags.wait });
        return { plan, options: { ...options, byDiscovery, timeoutMs, limitMs: args.flags.timeout } };
      }),
    );
    // A target that the user named must not be left out.
    if (wanted.names.length > 0 || plans.length === 0) throwAll(errors);
    const [skipped, refused] = partition(errors, (error) => isStashError(error, 'no-claims'));
    for (const { message } of skipped) printLine(context.err, `note: ${message}: skipped`);
    const all = { plans, refused: ofSome(refused) };
    const { dryRun: mode, wait } = args.flags;
    if (mode !== undefined) await dryRun(mode, all, args, context, connection);
    else if (wait) await followAll(all, reader, args, context, connection);
    else await createOnly(all, reader, args, context, connection);
  },
});

function partition<T>(items: readonly T[], isIn: (item: T) => boolean): readonly [T[], T[]] {
  return [items.filter(isIn), items.filter((item) => !isIn(item))];
}

/** Checks the command line before the command connects. Throws 'usage'. */
function checkWords(args: SnapshotArgs): ReturnType<typeof parseTargets> {
  const { all, selector } = args.flags;
  if (all && selector !== undefined) {
    throw new StashError('usage', '--all and -l are mutually exclusive', { hint: 'leave out --all' });
  }
  const wanted = parseTargets(args.words, {
    names: all || selector !== undefined ? 'refused' : 'required',
  });
  if (args.flags.executor === 'local' && !args.flags.wait) {
    throw new StashError(
      'usage',
      '--wait=false and --executor=local are mutually exclusive: only this command would carry the session out',
      { hint: 'leave out --wait=false' },
    );
  }
  if (args.flags.failFast) checkFailFast(args.flags);
  checkHookFlags(args.flags);
  if (retentionPolicyOf(args.flags) !== undefined && !args.flags.wait) {
    throw new StashError(
      'usage',
      '--wait=false and --keep-* are mutually exclusive: nothing is deleted before the snapshot is complete',
      { hint: 'leave out --wait=false' },
    );
  }
  return wanted;
}

/** What `--pin` and `--keep-until` ask for. Throws 'usage'. */
function keepWishes({ pin, keepUntil }: SnapshotArgs['flags'], now: Date): KeepWishes | undefined {
  if (keepUntil === undefined) return pin ? { pinned: true } : undefined;
  if (pin) {
    throw new StashError('usage', '--pin and --keep-until are mutually exclusive', {
      hint: 'a pinned restore point has no end: leave out one of them',
    });
  }
  const until = parseUntil(keepUntil, now);
  if (until !== undefined && until > now) return { until };
  throw new StashError(
    'usage',
    until === undefined
      ? `--keep-until takes a duration, a date or a time, not "${keepUntil}"`
      : `--keep-until ${keepUntil} has passed`,
    { hint: 'write 72h, 3d, 2026-12-24 or 2026-12-24T18:00' },
  );
}

/** An operator cannot fail fast: the API has no field for it. Throws 'usage'. */
function checkFailFast({ executor, wait }: SnapshotArgs['flags']): void {
  const clash = executor === 'operator' ? '--executor=operator' : wait ? undefined : '--wait=false';
  if (clash === undefined) return;
  throw new StashError(
    'usage',
    `--fail-fast and ${clash} are mutually exclusive: an operator does not end a session at the first error of a driver`,
    { hint: `leave out ${clash}: this command carries the session out then` },
  );
}

interface Planned {
  readonly plans: readonly {
    readonly plan: BackupPlan;
    readonly options: Omit<SnapshotOptions, 'say'>;
  }[];
  /** Told at the end: what keeps the other targets from being taken. */
  readonly refused: readonly StashError[];
}

function optionsFor(target: Target, args: SnapshotArgs, { user }: Connection, keep: KeepWishes | undefined) {
  const { snapshotClass, config, executor, failFast, container, maxFreeze, claimsPerSession } = args.flags;
  return {
    request: {
      target,
      user,
      snapshotClass,
      configuration: config,
      claimsPerSession,
      retentionPolicy: retentionPolicyOf(args.flags),
      keep,
      hooks: commandHooks(args.flags, container),
    },
    maxFreezeMs: maxFreeze,
    mode: executor,
    failFast,
    id: commandLineId(),
  };
}

async function dryRun(
  mode: 'client' | 'server',
  { plans, refused }: Planned,
  args: SnapshotArgs,
  context: Context,
  { cluster }: Connection,
): Promise<void> {
  const now = context.now();
  const objects = mode === 'server' ? serverDryRun(cluster) : clientDryRun(now);
  const { output } = args.flags;
  const policy = retentionPolicyOf(args.flags);
  const goes: KubernetesObject[] = [];
  const failed: StashError[] = [];
  for (const { plan, options } of plans) {
    const { errors } = await settleAll([
      dryRunBackup(objects, plan, { now, request: options.request }).then(async (made) => {
        if (policy) goes.push(...(await dryRunRetention(cluster, plan, made, { now, policy })));
      }),
    ]);
    failed.push(...errors);
  }
  await printOutcome(context.out, output, objects.shown, wouldBe('created', mode));
  const beside = output === undefined ? context.out : context.err;
  await printOutcome(beside, undefined, goes, wouldBe('deleted', mode));
  throwAll([...failed, ...refused]);
}

async function createOnly(
  { plans, refused }: Planned,
  reader: NamespaceReader,
  args: SnapshotArgs,
  context: Context,
  { cluster }: Connection,
): Promise<void> {
  const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
  const { done: sessions, errors } = await settleAll(
    plans.map(async ({ plan, options }) => (await leaveSnapshot(environment, reader, plan, options)).session),
  );
  if (sessions.length > 0) await printOutcome(context.out, args.flags.output, oneOrMany(sessions), 'created');
  throwAll([...errors, ...refused]);
}

async function followAll(
  { plans, refused }: Planned,
  reader: NamespaceReader,
  args: SnapshotArgs,
  context: Context,
  { cluster }: Connection,
): Promise<void> {
  const display = await openDisplay(context, args.flags.progress);
  const sayOfSession = shareSay(display.say);
  const environment = {
    ...{ cluster, clock: context, signal: context.signal, tell: display.say, onChange: display.show },
    podsOnly: podsOnly(args.flags),
  };
  await printEnds(
    plans.map(({ plan, options }) =>
      takeSnapshot(environment, reader, plan, { ...options, say: sayOfSession() }),
    ),
    { context, cluster, format: args.flags.output, refused, close: display.close },
  );
}

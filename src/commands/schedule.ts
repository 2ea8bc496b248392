import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration, HookHandler } from '#src/api/stash.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import type { Context } from '#src/cli/context.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { keepFlags, retentionPolicyOf } from '#src/cli/keep-flags.ts';
import { printObjects, outputFlag, printOutcome } from '#src/cli/output.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { invokerName } from '#src/domain/workload/names.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { configurationFindings } from '#src/domain/checks/configuration-valid.ts';
import { refuse } from '#src/domain/finding.ts';
import { checkConfiguration } from '#src/domain/operator/check-configuration.ts';
import { keepAll, nextRuns, type ScheduleWishes } from '#src/domain/configuration/schedule-configuration.ts';
import { checkSchedule } from '#src/domain/schedule.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { awaitReady } from '#src/follow/await-ready.ts';
import { planSchedule, writeSchedule, type ScheduleWrite } from '#src/session/plan/schedule.ts';
import { readerOf, type NamespaceReader } from '#src/session/plan/namespace-reader.ts';

const flags = {
  cron: {
    type: 'string',
    valueName: 'SCHEDULE',
    description: 'Schedule in Cron format, in the time zone of CronJobs, mostly UTC: "0 3 * * *", @daily.',
  },
  ...keepFlags,
  keepAll: { type: 'boolean', description: 'Never delete a restore point.' },
  name: {
    type: 'string',
    valueName: 'NAME',
    description: 'Name of the BackupConfiguration; by default TYPE-NAME: deploy-foo.',
  },
  snapshotClass: {
    type: 'string',
    valueName: 'CLASS',
    completes: 'snapshot-class',
    description: "VolumeSnapshotClass; by default the default or only class of each claim's driver.",
  },
  paused: { type: 'boolean', description: 'Pause it: its schedule does not run until it is resumed.' },
  timeout: {
    type: 'duration',
    positive: true,
    valueName: 'DURATION',
    description: 'How long a session may take before it fails; by default 10m.',
  },
  historyLimit: {
    type: 'number',
    minimum: 1,
    valueName: 'N',
    description: 'How many finished sessions to keep; this does not affect snapshots.',
  },
  retries: {
    type: 'number',
    minimum: 0,
    valueName: 'N',
    description: 'How often to retry a failed session.',
  },
  retryDelay: {
    type: 'duration',
    valueName: 'DURATION',
    description: 'How long to wait before a retry.',
  },
  pre: {
    type: 'string',
    valueName: 'COMMAND',
    description: "Shell command to run in the target's pods before the snapshots are cut.",
  },
  post: {
    type: 'string',
    valueName: 'COMMAND',
    description: 'Shell command to run in the same pods afterwards, even after a failure.',
  },
  container: {
    type: 'string',
    valueName: 'NAME',
    description:
      'Container in which --pre and --post run; by default the container that the annotation kubectl.kubernetes.io/default-container of the pod names, else the first.',
  },
  wait: { type: 'boolean', default: true, description: 'Wait until an operator has accepted it.' },
  dryRun: dryRunFlag('client', 'server'),
  output: outputFlag('objects'),
} as const;

type ScheduleArgs = Args<typeof flags>;

const readyWithinMs = 60_000;
const shownRuns = 3;

export const command = defineCommand({
  name: 'schedule',
  usage: 'schedule TYPE/NAME --cron SCHEDULE --keep-last N [flags]',
  description: `Schedule snapshots of a workload. The command creates the workload's BackupConfiguration, and an operator runs it. If the BackupConfiguration exists, only the fields of the given flags change: a paused schedule stays paused, and one that "kubectl stash snapshot" created becomes a schedule.

After each successful session, the operator deletes the restore points that the schedule made and that no --keep flag keeps, but never the newest complete one, nor a pinned one. What users make with "kubectl stash snapshot" or "trigger" counts for no schedule.`,
  examples: [
    '# Snapshot every night at three, and keep five restore points\nkubectl stash schedule deploy/foo --cron "0 3 * * *" --keep-last 5',
    '# Hourly for a day, then daily for a week\nkubectl stash schedule sts/db --cron @hourly --keep-hourly 24 --keep-daily 7',
    '# Quiesce the database while its snapshots are cut\nkubectl stash schedule sts/db --cron @daily --keep-last 7 \\\n  --pre "fsfreeze -f /data" --post "fsfreeze -u /data"',
  ],
  flags,
  positionals: { name: 'TYPE/NAME', minimum: 1, maximum: 2, completes: 'target' },
  async run(args, context) {
    const { dryRun, output, wait } = args.flags;
    const wishes = wishesOf(args);
    const { names } = parseTargets(args.words);
    const [wanted, second] = names;
    if (wanted === undefined || second !== undefined) {
      throw new StashError('usage', 'schedule takes one TYPE/NAME at a time', {
        hint: 'kubectl stash schedule TYPE/NAME --cron @daily --keep-last 7',
      });
    }
    const connection = await context.cluster(args.connection);
    const { cluster, namespace } = connection;
    const target = { ...wanted, namespace };
    const name = args.flags.name ?? invokerName(target);
    const reader = readerOf(cluster, namespace);
    const write = await planSchedule(reader, {
      target,
      name,
      wishes,
      wait: wait && dryRun === undefined,
      user: connection.user,
    });
    const verdict = checkConfiguration(write.after);
    refuse(configurationFindings(verdict, 'usage', 'kubectl stash schedule --help'));

    for (const warning of verdict.warnings) printLine(context.err, `warning: ${warning}`);
    await noteOthers(reader, target, name, context);
    for (const line of outlook(write, context.now(), dryRun !== undefined)) printLine(context.err, line);
    const stored = await writeSchedule(cluster, write, dryRun);
    const suffix = { none: '', client: ' (dry run)', server: ' (server dry run)' }[dryRun ?? 'none'];
    const isLast = !wait || dryRun !== undefined;
    if (output === undefined || isLast)
      await printOutcome(context.out, output, stored, `${write.outcome}${suffix}`);
    if (isLast) return;

    const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
    const answer = await awaitReady(environment, stored as Stored<BackupConfiguration>, readyWithinMs);
    const told =
      answer === 'ready'
        ? [`backupconfiguration/${name} is Ready`]
        : [
            `warning: no operator found in namespace ${namespace}: backupconfiguration/${name} will not run until an operator is installed`,
            'hint: kubectl stash install',
          ];
    for (const line of told) printLine(context.err, line);
    if (output !== undefined) {
      await printObjects(context.out, output, await cluster.get(backupConfigurations, name, namespace));
    }
  },
});

/** Checks the command line before the command connects. Throws 'usage'. */
function wishesOf({ flags: given }: ScheduleArgs): ScheduleWishes {
  const { cron, name, pre, post, container, retries, retryDelay } = given;
  const keep = retentionPolicyOf(given);
  const wrong = (message: string, hint: string) => new StashError('usage', message, { hint });
  const why = cron === undefined ? undefined : checkSchedule(cron);
  if (why !== undefined) throw wrong(`--cron: ${why}`, 'write it as in --cron "0 3 * * *", or --cron @daily');
  if (keep && given.keepAll)
    throw wrong('--keep-all and the other --keep flags are mutually exclusive', 'leave one of them out');
  if (name !== undefined && !isObjectName(name)) {
    throw wrong(`"${name}" cannot be the name of an object`, 'lower-case letters, digits, dashes and dots');
  }
  if (container !== undefined && pre === undefined && post === undefined) {
    throw wrong('--container requires --pre or --post', 'leave out --container');
  }
  if (retryDelay !== undefined && retries === undefined) {
    throw wrong('--retry-delay requires --retries', 'add --retries 1');
  }
  return {
    schedule: cron,
    retention: given.keepAll ? keepAll : keep,
    snapshotClass: given.snapshotClass,
    paused: given.paused ? true : undefined,
    timeoutMs: given.timeout,
    historyLimit: given.historyLimit,
    retries,
    retryDelayMs: retryDelay,
    pre: pre === undefined ? undefined : shell(pre, container),
    post: post === undefined ? undefined : shell(post, container),
  };
}

function shell(command: string, container: string | undefined): HookHandler {
  return {
    exec: { command: ['/bin/sh', '-c', command] },
    ...(container !== undefined && { containerName: container }),
  };
}

async function noteOthers(
  reader: NamespaceReader,
  target: Target,
  name: string,
  { err }: Context,
): Promise<void> {
  const others = (await reader.configurations()).filter(({ metadata, spec }) => {
    const { kind, name: of } = spec.target?.ref ?? {};
    return metadata.name !== name && kind === target.kind && of === target.name;
  });
  if (others.length === 0) return;
  const names = others.map(({ metadata }) => metadata.name).join(', ');
  printLine(err, `note: ${names} ${others.length === 1 ? 'is' : 'are'} for ${formatTarget(target)} too`);
}

/** The next runs; if it is paused, how to resume it, which a dry run leaves out. */
function outlook(
  { existing, after: { metadata, spec } }: ScheduleWrite,
  now: Date,
  isDryRun: boolean,
): string[] {
  const named = `backupconfiguration/${metadata.name}`;
  const wasPaused = existing?.spec.paused === true;
  if (spec.paused === true) {
    const begins = existing === undefined ? 'begins paused' : wasPaused ? 'stays paused' : 'will be paused';
    return [
      `note: ${named} ${begins}: its schedule does not run until it is resumed`,
      ...(isDryRun
        ? []
        : [`hint: ${commandLine`kubectl stash resume ${metadata.name} -n ${metadata.namespace ?? ''}`}`]),
    ];
  }
  return [
    ...(wasPaused ? [`note: ${named} was paused, and will run by its schedule`] : []),
    `due (UTC): ${nextRuns(spec.schedule ?? '', now, shownRuns).join(', ')}`,
  ];
}

import { backupConfigurations } from '#src/api/resources.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { keepFlags, retentionPolicyOf } from '#src/cli/keep-flags.ts';
import { outputFlag, printOutcome, wouldBe } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { parseNames } from '#src/domain/arguments/object-arguments.ts';
import { configurationFindings } from '#src/domain/checks/configuration-valid.ts';
import { refuse } from '#src/domain/finding.ts';
import { checkConfiguration } from '#src/domain/operator/check-configuration.ts';
import { buildScheduled, keepAll } from '#src/domain/configuration/schedule-configuration.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { StashError } from '#src/errors.ts';
import { readerOf, orMissingNamespace } from '#src/session/plan/namespace-reader.ts';

import { driverFlag, refuseRestic, resticFlags } from './restic-flags.ts';

const flags = {
  targetApiversion: { type: 'string', valueName: 'VERSION', description: 'API version of the target.' },
  targetKind: {
    type: 'string',
    valueName: 'KIND',
    description: 'Kind of the target: Deployment, StatefulSet, PersistentVolumeClaim.',
  },
  targetName: { type: 'string', valueName: 'NAME', description: 'Name of the target.' },
  schedule: {
    type: 'string',
    valueName: 'SCHEDULE',
    description: 'Schedule in Cron format: "0 3 * * *", @daily.',
  },
  driver: driverFlag,
  replica: {
    type: 'number',
    minimum: 1,
    valueName: 'N',
    description: 'Number of replicas of a StatefulSet to snapshot; by default all of them.',
  },
  volumesnapshotclass: {
    type: 'string',
    valueName: 'CLASS',
    completes: 'snapshot-class',
    description: 'VolumeSnapshotClass to use.',
  },
  volumesnpashotclass: { type: 'string', hidden: true, description: "Stash's spelling." },
  ...keepFlags,
  keepAll: { type: 'boolean', description: 'Never delete a restore point.' },
  paused: { type: 'boolean', description: 'Create it paused.' },
  ...resticFlags,
  dryRun: dryRunFlag('client', 'server'),
  output: outputFlag('objects'),
} as const;

export const command = defineCommand({
  name: 'create backupconfiguration',
  usage: 'create backupconfiguration NAME --target-kind KIND ... [flags]',
  description: `Create a BackupConfiguration with the flags of Stash's own plugin, for snapshots only. Only the API server checks the object; "kubectl stash schedule" also checks the target.`,
  examples: [
    '# Snapshot a deployment every night, and keep five restore points\nkubectl stash create backupconfiguration foo \\\n  --target-apiversion=apps/v1 --target-kind=Deployment --target-name=foo \\\n  --schedule="0 3 * * *" --keep-last=5',
  ],
  flags,
  positionals: { name: 'NAME', minimum: 1, maximum: 1 },
  async run(args, context) {
    const { dryRun, output } = args.flags;
    const build = builderOf(args);
    const { cluster, namespace } = await context.cluster(args.connection);
    const configuration = build(namespace);
    const options = dryRun === 'server' ? { dryRun: true } : {};
    const create = () => cluster.create(backupConfigurations, configuration, options);
    const made =
      dryRun === 'client' ? configuration : await orMissingNamespace(readerOf(cluster, namespace), create());
    const outcome = dryRun === undefined ? 'created' : wouldBe('created', dryRun);
    await printOutcome(context.out, output, made, outcome);
    if (dryRun !== undefined) return;
    const how = commandLine`kubectl stash trigger ${made.metadata.name} -n ${namespace}`;
    printLine(context.err, `to run it now: ${how}`);
  },
});

/** Checks the command line before the command connects. Throws 'usage'. */
function builderOf({ words, flags: given }: Args<typeof flags>) {
  refuseRestic('backupconfiguration', given);
  const [name = ''] = parseNames(words, 'backupconfiguration');
  const { targetKind, targetName, targetApiversion, volumesnapshotclass, volumesnpashotclass } = given;
  const help = 'kubectl stash create backupconfiguration --help';
  const usage = (message: string, hint = help) => new StashError('usage', message, { hint });
  if (targetKind === undefined || targetName === undefined) {
    throw usage(
      '--target-kind and --target-name are required',
      'add --target-kind Deployment --target-name foo',
    );
  }
  const [target] = parseTargets([`${targetKind}/${targetName}`]).names;
  if (target === undefined) throw usage('--target-kind and --target-name are required');
  if (given.schedule === undefined) throw usage('--schedule is required', 'add --schedule "0 3 * * *"');
  const keep = retentionPolicyOf(given);
  if (keep && given.keepAll)
    throw usage('--keep-all and the other --keep flags are mutually exclusive', 'leave one of them out');
  if (!keep && !given.keepAll) {
    throw usage(
      'a --keep flag is required: without it, restore points would accumulate forever',
      'add --keep-last 7, or --keep-all',
    );
  }
  const build = (namespace: string) => {
    const built = buildScheduled({ ...target, namespace }, name, {
      schedule: given.schedule,
      retention: keep ?? keepAll,
      snapshotClass: volumesnapshotclass ?? volumesnpashotclass,
      replicas: given.replica,
      paused: given.paused,
    });
    const ref = {
      ...built.spec.target?.ref,
      ...(targetApiversion !== undefined && { apiVersion: targetApiversion }),
    };
    return { ...built, spec: { ...built.spec, target: { ...built.spec.target, ref } } };
  };
  refuse(configurationFindings(checkConfiguration(build('')), 'usage', help));
  return build;
}

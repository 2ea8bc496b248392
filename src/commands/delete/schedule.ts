import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { defineCommand } from '#src/cli/command.ts';
import { confirm } from '#src/cli/confirm.ts';
import type { Connection } from '#src/cli/context.ts';
import { allOrErrors } from '#src/cli/ends.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { outputFlag, printOutcome, qualifiedName } from '#src/cli/output.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import {
  parseConfigurations,
  type ConfigurationArgument,
} from '#src/domain/arguments/configuration-arguments.ts';
import { combineErrors } from '#src/domain/combine-errors.ts';
import { configurationMeant } from '#src/domain/configuration/configured-target.ts';
import { joinEffects, type DeleteEffects } from '#src/domain/restore-points/delete-effects.ts';
import { scheduleEffects } from '#src/domain/restore-points/schedule-effects.ts';
import { isStashError } from '#src/errors.ts';
import { awaitGone } from '#src/follow/await-gone.ts';
import { orMissingNamespace, readerOf, type NamespaceReader } from '#src/session/plan/namespace-reader.ts';

const flags = {
  force: { type: 'boolean', description: 'Also delete it while a session of it is running.' },
  yes: { type: 'boolean', alias: 'y', description: 'Do not ask for confirmation.' },
  wait: { type: 'boolean', default: true, description: 'Wait until it is gone.' },
  timeout: { type: 'duration', valueName: 'DURATION', default: '1m', description: 'How long to wait.' },
  dryRun: dryRunFlag('client'),
  output: outputFlag('names'),
} as const;

export const command = defineCommand({
  name: 'delete schedule',
  usage: 'delete schedule (CONFIG... | TYPE/NAME...) [flags]',
  description: `Delete the schedule of a workload, which is its BackupConfiguration. Name the BackupConfiguration, or its workload.

Its BackupSessions, its CronJob and the permissions of its Jobs are deleted with it. Its snapshots stay, and its retention policy no longer deletes any of them: "kubectl stash list" and "kubectl stash restore" still find them. To stop the schedule and keep all of this, use "kubectl stash pause".`,
  examples: [
    '# Show what is deleted with the schedule of a deployment, and what stays\nkubectl stash delete schedule deploy/foo --dry-run=client',
    '# Delete the BackupConfiguration deploy-foo\nkubectl stash delete schedule deploy-foo --yes',
  ],
  flags,
  positionals: { name: 'CONFIG or TYPE/NAME', minimum: 1, completes: 'configuration' },
  async run(args, context) {
    const { force, yes, dryRun, output, wait, timeout } = args.flags;
    const named = parseConfigurations(args.words);
    const { cluster, namespace, user } = await context.cluster(args.connection);
    const reader = readerOf(cluster, namespace);
    const configurations = await found(named, reader);
    const effects = await effectsOf(configurations, reader);
    for (const note of effects.notes) printLine(context.err, note);
    refuse(effects, force);
    if (dryRun === undefined) {
      const verbs = ['delete', ...(wait ? (['list', 'watch'] as const) : [])] as const;
      await reader.demand(
        user,
        verbs.map((verb) => ({ verb, resource: backupConfigurations })),
      );
      const question = configurations.length === 1 ? 'Delete it?' : `Delete these ${configurations.length}?`;
      await confirm(context, [...configurations.map(qualifiedName), question], yes);
      // A session may have begun while the user decided.
      if (!yes) refuse(await effectsOf(configurations, readerOf(cluster, namespace)), force);
    }
    await allOrErrors(
      configurations.map(async (configuration) => {
        if (dryRun === undefined) await remove({ cluster, namespace }, configuration);
        const outcome = `deleted${dryRun === undefined ? '' : ' (dry run)'}`;
        await printOutcome(context.out, output, configuration, outcome);
      }),
    );
    for (const { message } of effects.unlessForced)
      printLine(context.err, `warning: forced, although ${message}`);
    if (dryRun !== undefined || !wait) return;
    const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
    await awaitGone(environment, configurations, { namespace, timeoutMs: timeout });
  },
});

async function found(
  named: readonly ConfigurationArgument[],
  reader: NamespaceReader,
): Promise<Stored<BackupConfiguration>[]> {
  const { namespace } = reader;
  const among = { configurations: await reader.configurations(), namespace, command: ['delete', 'schedule'] };
  const work = named.map((each) =>
    orMissingNamespace(
      reader,
      Promise.try(() => configurationMeant(each, among)),
    ),
  );
  return [...new Set(await allOrErrors(work))];
}

async function effectsOf(
  configurations: readonly Stored<BackupConfiguration>[],
  { cluster, namespace, sessions }: NamespaceReader,
): Promise<DeleteEffects> {
  const [backupSessions, snapshots] = await Promise.all([
    sessions(),
    cluster.list(volumeSnapshots, { namespace }),
  ]);
  const scene = { backupSessions, snapshots: snapshots.items };
  return joinEffects(configurations.map((each) => scheduleEffects(each, scene)));
}

function refuse({ unlessForced }: DeleteEffects, force: boolean): void {
  const error = force ? undefined : combineErrors(unlessForced);
  if (error) throw error;
}

/** Deletes the object by UID, so that a new object of the same name stays. */
async function remove(
  { cluster, namespace }: Pick<Connection, 'cluster' | 'namespace'>,
  { metadata: { name, uid } }: Stored<BackupConfiguration>,
): Promise<void> {
  try {
    await cluster.delete(backupConfigurations, { name, namespace }, { uid });
  } catch (error) {
    // It is deleted already.
    if (!isStashError(error, 'not-found')) throw error;
  }
}

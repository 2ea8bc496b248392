import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import type { Context } from '#src/cli/context.ts';
import { allOrErrors } from '#src/cli/ends.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { oneOrMany, outputFlag, printObjects, printOutcome } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { combineErrors } from '#src/domain/combine-errors.ts';
import {
  parseConfigurations,
  type ConfigurationArgument,
} from '#src/domain/arguments/configuration-arguments.ts';
import { configurationMeant } from '#src/domain/configuration/configured-target.ts';
import { StashError } from '#src/errors.ts';
import { readerOf, orMissingNamespace } from '#src/session/plan/namespace-reader.ts';

/** Flags of `pause` and `resume`. */
export const pausingFlags = {
  all: { type: 'boolean', description: 'Select every BackupConfiguration of the namespace.' },
  dryRun: dryRunFlag('client', 'server'),
  output: outputFlag('objects'),
} as const;

export const command = defineCommand({
  name: 'pause',
  usage: 'pause (CONFIG... | TYPE/NAME... | --all) [flags]',
  description: `Pause the schedule of a BackupConfiguration. Name the BackupConfiguration, or its workload.

A running session goes on, and "kubectl stash trigger" still works.`,
  examples: [
    '# Pause the schedule of a deployment\nkubectl stash pause deploy/foo',
    '# Pause all schedules of the namespace\nkubectl stash pause --all',
  ],
  flags: pausingFlags,
  positionals: { name: 'CONFIG', completes: 'configuration' },
  async run(args, context) {
    await setPaused(args, context, { verb: 'pause' });
    return undefined;
  },
});

export interface Pausing {
  readonly verb: 'pause' | 'resume';
  /** Why the command skips this configuration: an error if the user named it, a note with `--all`. */
  readonly refuse?: (configuration: Stored<BackupConfiguration>) => StashError | undefined;
  /** Lines for stderr about a configuration that the command has changed, or found as requested. */
  readonly told?: (configuration: Stored<BackupConfiguration>) => readonly string[];
}

/** Finds and checks all configurations before it changes the first. */
export async function setPaused(
  args: Args<typeof pausingFlags>,
  context: Context,
  { verb, refuse, told }: Pausing,
): Promise<void> {
  const { all, dryRun, output } = args.flags;
  const named = parseConfigurations(args.words);
  if (all && named.length > 0) {
    throw new StashError('usage', 'a name cannot be combined with --all', { hint: 'leave out --all' });
  }
  if (!all && named.length === 0) {
    throw new StashError('usage', `${verb} needs CONFIG, or --all`, {
      hint: commandLine`kubectl stash ${verb} CONFIG`,
    });
  }
  const { cluster, namespace } = await context.cluster(args.connection);
  const reader = readerOf(cluster, namespace);
  const known = await reader.configurations();
  if (all && known.length === 0) {
    await reader.namespaceExists();
    throw new StashError('not-found', `no backupconfigurations in namespace ${namespace}`, {
      hint: commandLine`kubectl get backupconfigurations -n ${namespace}`,
    });
  }
  const among = { configurations: known, namespace, command: [verb] };
  const find = (argument: ConfigurationArgument) => Promise.try(() => configurationMeant(argument, among));
  const found = all
    ? known
    : new Set(await allOrErrors(named.map((each) => orMissingNamespace(reader, find(each)))));
  const refused = [...found].flatMap((each) => refuse?.(each) ?? []);
  const error = combineErrors(refused);
  if (error && !all) throw error;
  for (const { message } of refused) printLine(context.err, `note: ${message}`);
  const wanted = [...found].filter((each) => refuse?.(each) === undefined);

  const paused = verb === 'pause';
  const done = await allOrErrors(
    wanted.map(async (configuration) => {
      const already = (configuration.spec.paused ?? false) === paused;
      if (already || dryRun === 'client') return { configuration, already };
      const at = { name: configuration.metadata.name, namespace };
      const options = dryRun === 'server' ? { dryRun: true } : {};
      const changed = await cluster.patch(backupConfigurations, at, { spec: { paused } }, options);
      return { configuration: changed, already };
    }),
  );
  if (output !== undefined) {
    const objects = done.map(({ configuration }) => configuration);
    await printObjects(context.out, output, oneOrMany(objects));
  } else {
    for (const { configuration, already } of done)
      await printOutcome(context.out, output, configuration, outcome(verb, already, dryRun));
  }
  if (dryRun !== undefined) return;
  for (const line of done.flatMap(({ configuration }) => told?.(configuration) ?? []))
    printLine(context.err, line);
}

function outcome(verb: Pausing['verb'], already: boolean, dryRun: 'client' | 'server' | undefined): string {
  const state = verb === 'pause' ? 'paused' : 'resumed';
  if (already) return verb === 'pause' ? 'already paused' : 'already resumed';
  if (dryRun === undefined) return state;
  return `${state} (${dryRun === 'server' ? 'server dry run' : 'dry run'})`;
}

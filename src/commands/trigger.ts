import { defineCommand } from '#src/cli/command.ts';
import { checkProgress, openDisplay } from '#src/cli/display.ts';
import { printEnds } from '#src/cli/ends.ts';
import { backupTimeoutText, executionFlags, podsOnly } from '#src/cli/flags.ts';
import { outputFlag, printOutcome } from '#src/cli/output.ts';
import { tellOn } from '#src/cli/print-line.ts';
import { parseConfiguration } from '#src/domain/arguments/configuration-arguments.ts';
import { configurationMeant, targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { commandLineId } from '#src/domain/session/holder.ts';
import { StashError } from '#src/errors.ts';
import { leaveSnapshot, takeSnapshot, timeoutOf } from '#src/follow/take-snapshot.ts';
import { checkBackup } from '#src/session/plan/begin-backup.ts';
import { planBackup } from '#src/session/plan/plan-backup.ts';
import { checkNoSwap } from '#src/session/plan/refuse-during-swap.ts';
import { readerOf, orMissingNamespace } from '#src/session/plan/namespace-reader.ts';

export const command = defineCommand({
  name: 'trigger',
  usage: 'trigger (CONFIG | TYPE/NAME) [flags]',
  description: `Run a BackupConfiguration now, and follow the session to its end. Name the BackupConfiguration, or its workload. It may be paused: that only stops its schedule.

An operator carries the session out. If no operator takes it, this command does, as "kubectl stash snapshot" would. The restore point stays until a user deletes it: the schedule's retention policy neither counts nor deletes it.`,
  examples: [
    "# Take tonight's snapshot now\nkubectl stash trigger deploy/foo",
    '# Leave it to the operator\nkubectl stash trigger bc/deploy-foo --wait=false',
  ],
  flags: {
    timeout: {
      type: 'duration',
      positive: true,
      valueName: 'DURATION',
      description: backupTimeoutText,
    },
    ...executionFlags,
    output: outputFlag('objects'),
  },
  positionals: { name: 'CONFIG', minimum: 1, maximum: 1, completes: 'configuration' },
  async run(args, context) {
    const { executor: mode, wait, timeout, output, claimsPerSession, progress } = args.flags;
    const argument = parseConfiguration(args.words[0] ?? '');
    if (mode === 'local' && !wait) {
      throw new StashError(
        'usage',
        '--wait=false and --executor=local are mutually exclusive: only this command would carry the session out',
        { hint: 'leave out --wait=false' },
      );
    }
    checkProgress(context, progress);
    const { cluster, namespace, user } = await context.cluster(args.connection);
    const reader = readerOf(cluster, namespace);
    const configurations = await reader.configurations();
    const among = { configurations, namespace, command: ['trigger'] };
    const find = () => configurationMeant(argument, among);
    const configuration = await orMissingNamespace(reader, Promise.try(find));
    const target = targetOfConfiguration(configuration);
    const request = { target, user, configuration: configuration.metadata.name, claimsPerSession };
    await checkNoSwap(reader, target);
    const plan = await planBackup(reader, request);
    const id = commandLineId();
    const asked = { request, mode, failFast: false };
    const byDiscovery = await checkBackup(reader, plan, { ...asked, wait });
    const options = { ...asked, byDiscovery, id, limitMs: timeout, timeoutMs: timeoutOf(plan, timeout) };

    if (!wait) {
      const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
      const { session } = await leaveSnapshot(environment, reader, plan, options);
      await printOutcome(context.out, output, session, 'created');
      return;
    }
    const display = await openDisplay(context, progress);
    const environment = {
      ...{ cluster, clock: context, signal: context.signal, tell: display.say, onChange: display.show },
      podsOnly: podsOnly(args.flags),
    };
    await printEnds([takeSnapshot(environment, reader, plan, { ...options, say: display.say })], {
      context,
      cluster,
      format: output,
      close: display.close,
    });
  },
});

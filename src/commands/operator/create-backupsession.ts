import { defineCommand } from '#src/cli/command.ts';
import { printOutcome } from '#src/cli/output.ts';
import { tellOn } from '#src/cli/print-line.ts';
import { StashError } from '#src/errors.ts';
import { triggerBackup } from '#src/session/plan/trigger.ts';

const kind = 'BackupConfiguration';

export const command = defineCommand({
  name: 'operator create-backupsession',
  usage: 'operator create-backupsession --invoker-name NAME [flags]',
  description: `Create a BackupSession of a BackupConfiguration. The pods of its CronJob run this command. It does not wait until the session ends.

The environment variable TRIGGER holds the UID of the object that triggers the session. One trigger creates one session, even if the command runs several times.`,
  examples: [
    '# As the CronJob of deploy-foo does\nkubectl stash operator create-backupsession --invoker-name deploy-foo -n demo',
  ],
  flags: {
    invokerName: {
      type: 'string',
      valueName: 'NAME',
      description: 'Name of the BackupConfiguration.',
    },
    invokerKind: {
      type: 'string',
      default: kind,
      valueName: 'KIND',
      description: 'Kind of the invoker.',
    },
  },
  async run({ flags, connection }, context) {
    const { invokerName: name = '', invokerKind } = flags;
    if (name === '') {
      throw new StashError('usage', 'no invoker given', { hint: 'name it with --invoker-name NAME' });
    }
    if (invokerKind !== kind) {
      throw new StashError('usage', `the invoker kind ${invokerKind} is not supported`, {
        hint: `leave out --invoker-kind, or write --invoker-kind ${kind}`,
      });
    }
    const { cluster, namespace } = await context.cluster(connection);
    const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
    const given = context.env['TRIGGER'] ?? '';
    const trigger = given === '' ? undefined : given;
    const session = await triggerBackup(environment, { name, namespace, trigger });
    await printOutcome(context.out, undefined, session, 'created');
    return undefined;
  },
});

import { defineCommand } from '#src/cli/command.ts';
import { qualifiedName } from '#src/cli/output.ts';
import { StashError } from '#src/errors.ts';
import { triggerBackup } from '#src/session/plan/trigger.ts';

const kind = 'BackupConfiguration';

export const command = defineCommand({
  name: 'operator create-backupsession',
  usage: 'operator create-backupsession --invoker-name NAME [flags]',
  description:
    'Begin a session of a BackupConfiguration: what the pods of its CronJob run. It does not wait for the end.\n\n' +
    'The environment variable TRIGGER names what asks for the session, by UID: the same one gets one session, however ' +
    'often it asks.',
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
      throw new StashError('usage', `an invoker of kind ${invokerKind} cannot be carried out`, {
        hint: `leave out --invoker-kind, or write --invoker-kind ${kind}`,
      });
    }
    const { cluster, namespace } = await context.cluster(connection);
    const environment = { cluster, clock: context, signal: context.signal };
    const given = context.env['TRIGGER'] ?? '';
    const trigger = given === '' ? undefined : given;
    const session = await triggerBackup(environment, { name, namespace, trigger });
    context.out.write(`${qualifiedName(session)} created\n`);
    return undefined;
  },
});

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { defineCommand } from '#src/cli/command.ts';
import { backupSessions } from '#src/api/resources.ts';
import { openDisplay } from '#src/cli/display.ts';
import { StashError } from '#src/errors.ts';
import { carryOutBackup } from '#src/session/carry-out-backup.ts';

export const command = defineCommand({
  name: 'operator create-vs',
  usage: 'operator create-vs --backupsession NAME [flags]',
  description:
    "Carry out a BackupSession that is there already: what the operator's snapshotter Jobs run.\n\n" +
    'It exits with 0 once the session has ended, however it ended: that is told in its status.',
  examples: [
    '# As a snapshotter Job does\nkubectl stash operator create-vs --backupsession deploy-foo-1732427120',
  ],
  flags: {
    backupsession: { type: 'string', valueName: 'NAME', description: 'The BackupSession.' },
    maxFreeze: {
      type: 'duration',
      default: '60s',
      valueName: 'DURATION',
      description: 'How long a preBackup hook may keep the application quiesced.',
    },
  },
  async run({ flags, connection: where }, context) {
    const name = flags.backupsession;
    if (name === undefined) {
      throw new StashError('usage', '--backupsession is missing', { hint: 'say --backupsession NAME' });
    }
    const { cluster, namespace } = await context.cluster(where);
    const display = await openDisplay(context);
    try {
      const ended = await carryOutBackup(
        { cluster, clock: context, signal: context.signal, onChange: display.show },
        {
          session: await cluster.get(backupSessions, name, namespace),
          // Of a pod it is the name, so that whoever comes next can see whether it still lives.
          id: context.env['POD_NAME'] ?? `${hostname()}-${randomUUID().slice(0, 8)}`,
          maxFreezeMs: flags.maxFreeze,
          held: 'wait',
        },
      );
      display.say(`backupsession/${name} has ended: ${ended.status?.phase ?? 'Unknown'}`);
    } finally {
      display.close();
    }
    return undefined;
  },
});

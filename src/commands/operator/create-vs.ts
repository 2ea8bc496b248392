import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { defineCommand } from '#src/cli/command.ts';
import { claimsFlag } from '#src/cli/flags.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { StashError } from '#src/errors.ts';
import { backup } from '#src/session/kinds/backup.ts';

import { carryOutNamed } from './carry-out.ts';

export const command = defineCommand({
  name: 'operator create-vs',
  usage: 'operator create-vs --backupsession NAME [flags]',
  description: `Carry out an existing BackupSession. The operator's snapshotter Jobs run this command.

It exits with 0 once the session has ended, even if the session failed: its status holds the result.`,
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
    ...claimsFlag,
  },
  run: ({ flags, connection }, context) =>
    carryOutNamed(context, connection, backup, {
      name: flags.backupsession,
      check: checkInvoker,
      given: { maxFreezeMs: flags.maxFreeze, claimsPerSession: flags.claimsPerSession },
    }),
});

function checkInvoker({
  metadata: { name, namespace = '' },
  spec: { invoker },
}: Stored<BackupSession>): void {
  const { kind, name: whose } = invoker;
  if (kind === 'BackupConfiguration' && whose !== '') return;
  const what = whose === '' ? 'has no spec.invoker' : `is of ${kind.toLowerCase()}/${whose}`;
  throw new StashError(
    'precondition',
    `backupsession/${name} ${what}: only sessions of a BackupConfiguration are supported`,
    { hint: commandLine`kubectl get backupsession ${name} -n ${namespace} -o yaml` },
  );
}

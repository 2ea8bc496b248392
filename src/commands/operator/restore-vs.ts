import { defineCommand } from '#src/cli/command.ts';
import { claimsFlag } from '#src/cli/flags.ts';
import { restore } from '#src/session/kinds/restore.ts';

import { carryOutNamed } from './carry-out.ts';

export const command = defineCommand({
  name: 'operator restore-vs',
  usage: 'operator restore-vs --restoresession NAME [flags]',
  description: `Carry out an existing RestoreSession. The operator's restore Jobs run this command.

It exits with 0 once the session has ended, even if the session failed: its status holds the result.`,
  examples: ['# As a restore Job does\nkubectl stash operator restore-vs --restoresession restore-foo'],
  flags: {
    restoresession: { type: 'string', valueName: 'NAME', description: 'The RestoreSession.' },
    ...claimsFlag,
  },
  run: ({ flags, connection }, context) =>
    carryOutNamed(context, connection, restore, {
      name: flags.restoresession,
      given: { claimsPerSession: flags.claimsPerSession },
    }),
});

import { defineCommand } from '#src/cli/command.ts';
import { restore } from '#src/session/kinds/restore.ts';

import { carryOutNamed } from './carry-out.ts';

export const command = defineCommand({
  name: 'operator restore-vs',
  usage: 'operator restore-vs --restoresession NAME [flags]',
  description:
    "Carry out a RestoreSession that is there already: what the operator's restore Jobs run.\n\n" +
    'It exits with 0 once the session has ended, however it ended: that is told in its status.',
  examples: ['# As a restore Job does\nkubectl stash operator restore-vs --restoresession restore-foo'],
  flags: {
    restoresession: { type: 'string', valueName: 'NAME', description: 'The RestoreSession.' },
  },
  run: ({ flags, connection }, context) =>
    carryOutNamed(context, connection, restore, { name: flags.restoresession }),
});

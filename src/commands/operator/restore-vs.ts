import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { defineCommand } from '#src/cli/command.ts';
import { restoreSessions } from '#src/api/resources.ts';
import { openDisplay } from '#src/cli/display.ts';
import { StashError } from '#src/errors.ts';
import { carryOutRestore } from '#src/session/carry-out-restore.ts';

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
  async run({ flags, connection: where }, context) {
    const name = flags.restoresession;
    if (name === undefined) {
      throw new StashError('usage', '--restoresession is missing', { hint: 'say --restoresession NAME' });
    }
    const { cluster, namespace } = await context.cluster(where);
    const display = await openDisplay(context);
    try {
      const ended = await carryOutRestore(
        { cluster, clock: context, signal: context.signal, onChange: display.show },
        {
          session: await cluster.get(restoreSessions, name, namespace),
          // Of a pod it is the name, so that whoever comes next can see whether it still lives.
          id: context.env['POD_NAME'] ?? `${hostname()}-${randomUUID().slice(0, 8)}`,
          held: 'wait',
        },
      );
      display.say(`restoresession/${name} has ended: ${ended.status?.phase ?? 'Unknown'}`);
    } finally {
      display.close();
    }
    return undefined;
  },
});

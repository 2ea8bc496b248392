import { defineCommand } from '#src/cli/command.ts';
import { claimsFlag } from '#src/cli/flags.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { hintOf, waysOn } from '#src/domain/in-place/ways-on.ts';
import { isFileSession } from '#src/domain/session/file-session.ts';
import { isInPlace } from '#src/domain/in-place/record.ts';
import { StashError } from '#src/errors.ts';
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
      check: checkForJob,
      given: { claimsPerSession: flags.claimsPerSession },
    }),
});

function checkForJob(session: Stored<RestoreSession>): void {
  if (isFileSession(session))
    throw new StashError(
      'precondition',
      `restoresession/${session.metadata.name} only gives access to files: no Job carries it out`,
    );
  if (!isInPlace(session)) return;
  const { name } = session.metadata;
  throw new StashError('precondition', `restoresession/${name} restores in place: no Job carries it out`, {
    hint: hintOf(waysOn(session)),
  });
}

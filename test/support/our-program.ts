/** What a container of our image runs where tests run it as a process: the program of this checkout. */
import { resolve } from 'node:path';

import { clientVersion } from '#src/cli/version.ts';

export const ourProgram = {
  argv: [process.execPath, resolve(import.meta.dirname, '../../cmd/kubectl-stash.ts')],
  version: clientVersion,
} as const;

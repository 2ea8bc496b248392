/** Volumes as btrfs subvolumes, whose snapshots are atomic even during writes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Trees } from '#src/sandbox/storage/storage.ts';

const run = promisify(execFile);

export const subvolumes: Trees = {
  async make(path) {
    await run('btrfs', ['-q', 'subvolume', 'create', path]);
  },
  async copy(from, to) {
    await run('btrfs', ['-q', 'subvolume', 'snapshot', from, to]);
  },
};

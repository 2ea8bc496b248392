import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';

import { defineCommand } from '#src/cli/command.ts';
import { systemReason } from '#src/cluster/system-reason.ts';
import { StashError } from '#src/errors.ts';

const size = 4 * 1024 * 1024;

export const command = defineCommand({
  name: 'operator probe-volume',
  usage: 'operator probe-volume (--write | --read) FILE --result FILE',
  description: `Write 4 MiB of random bytes to a file, or read it, and write the SHA-256 of its bytes to the result file. The Jobs of "doctor --probe" run this command.`,
  examples: [
    '# As the first Job does\nkubectl stash operator probe-volume \\\n  --write /probe/data --result /dev/termination-log',
  ],
  flags: {
    write: { type: 'string', valueName: 'FILE', description: 'The file to write.' },
    read: { type: 'string', valueName: 'FILE', description: 'The file to read.' },
    result: { type: 'string', valueName: 'FILE', description: 'The file for the SHA-256, in hex.' },
  },
  async run({ flags: { write, read, result } }) {
    if (result === undefined || (write === undefined) === (read === undefined))
      throw new StashError('usage', 'give --result, and one of --write and --read', {
        hint: 'kubectl stash operator probe-volume --help',
      });
    const file = write ?? read ?? '';
    try {
      if (write !== undefined) await writeBytes(file);
      const bytes = await readFile(file);
      await writeFile(result, createHash('sha256').update(bytes).digest('hex'));
    } catch (error) {
      throw new StashError('precondition', `${file}: ${systemReason(error)}`, { cause: error });
    }
    return undefined;
  },
});

/** Resolves once the bytes are on the volume. */
async function writeBytes(path: string): Promise<void> {
  await using file = await open(path, 'w');
  await file.writeFile(randomBytes(size));
  await file.sync();
}

import { createInterface } from 'node:readline';

import { defineCommand } from '#src/cli/command.ts';
import { printLine } from '#src/cli/print-line.ts';
import { ownImage } from '#src/cli/version.ts';
import { parseTarget } from '#src/domain/arguments/target-arguments.ts';
import { claimPath } from '#src/domain/files/claim-path.ts';
import { compareCommand } from '#src/domain/files/commands-in-pod.ts';
import { readDifference, type Difference } from '#src/domain/files/difference.ts';
import { containerName } from '#src/domain/files/files-pod.ts';
import { holdsProgram } from '#src/domain/files/program-image.ts';
import { StashError } from '#src/errors.ts';
import { put } from '#src/files/put.ts';
import { countsLine, differenceLine, differenceValue } from '#src/report/differences.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { failedInPod, readFromPod } from '#src/session/files/run-in-pod.ts';

import { claimFlag, filesFlags, imageFlag, openRestoredFiles } from './files/flags.ts';

export const command = defineCommand({
  name: 'diff',
  usage: 'diff TYPE/NAME [flags]',
  description: `List the files of the present volume that differ from a restore point: added and removed since, and changed. A file counts as changed if its kind, its size or the time of its last change differs. With --checksum, the contents of files of the same size are compared, and times do not matter: that reads both volumes.

A pod reads both volumes where they are, and sends only the differences. It mounts the present volume read-only, beside the pod of the workload that uses it and on the same node; a ReadWriteOncePod volume that a pod uses cannot be read. The application may change files meanwhile.

The command restores the claim under a temporary name, which takes storage of the namespace, and deletes it and the pod when it ends.`,
  examples: [
    '# See what changed since the newest restore point\nkubectl stash diff deploy/foo',
    '# Compare the contents of one directory with those of yesterday\nkubectl stash diff sts/db --claim data-db-0 --path /conf \\\n  --from yesterday --checksum',
  ],
  flags: {
    ...claimFlag,
    path: {
      type: 'string',
      default: '/',
      valueName: 'PATH',
      description: 'Compare what is below this path of the volume.',
    },
    checksum: { type: 'boolean', description: 'Compare contents instead of times.' },
    ...filesFlags,
    ...imageFlag('No other image will do.'),
    output: {
      type: 'string',
      alias: 'o',
      choices: ['text', 'json'],
      default: 'text',
      valueName: 'FORMAT',
      description: 'json: one object for each line.',
    },
  },
  positionals: { name: 'TYPE/NAME', minimum: 1, maximum: 2, completes: 'target' },
  async run({ words, flags, connection: given }, context) {
    const target = parseTarget(words.join('/'));
    const path = claimPath(flags.path);
    const image = flags.image ?? ownImage;
    if (!holdsProgram(image))
      throw new StashError(
        'usage',
        `diff needs an image of this program, and ${image} is not called kubectl-stash`,
        {
          hint: 'leave out --image, or name a copy of the image in another registry',
        },
      );
    const connection = await context.cluster(given);
    const wishes = { target, claim: flags.claim, image, live: true, flags };
    await openRestoredFiles(wishes, context, connection, async (files) => {
      const counts = { added: 0, removed: 0, changed: 0, unknown: 0 };
      const print = async (difference: Difference) => {
        counts[difference.change] += 1;
        const line =
          flags.output === 'json'
            ? JSON.stringify(differenceValue(difference))
            : sanitize(differenceLine(difference));
        await put(context.out, `${line}\n`);
      };
      const command = { ...files, container: containerName, command: compareCommand(path, flags.checksum) };
      const { ended } = await readFromPod(connection.cluster, command, async (output) => {
        for await (const line of createInterface({ input: output })) await print(readDifference(line));
      });
      if (ended.code !== 0) throw failedInPod(ended);
      printLine(context.err, countsLine(counts));
      if (counts.unknown === 0) return;
      throw new StashError('precondition', `${counts.unknown} files could not be read`, {
        hint: '--run-as-user 0 reads files of all users, where the namespace allows it',
      });
    });
  },
});

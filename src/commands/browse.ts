import { defineCommand } from '#src/cli/command.ts';
import { tellOn } from '#src/cli/print-line.ts';
import { ownImage } from '#src/cli/version.ts';
import { parseTarget } from '#src/domain/arguments/target-arguments.ts';
import { shellCommand } from '#src/domain/files/commands-in-pod.ts';
import { containerName, restoredPath } from '#src/domain/files/files-pod.ts';
import { holdsProgram } from '#src/domain/files/program-image.ts';
import { StashError } from '#src/errors.ts';
import type { FilesPlan } from '#src/session/files/plan-files.ts';

import { claimFlag, filesFlags, imageFlag, openRestoredFiles } from './files/flags.ts';

export const command = defineCommand({
  name: 'browse',
  usage: 'browse TYPE/NAME [flags]',
  description: `Open a shell beside the files of a restore point. It runs in a temporary pod, which has the restored volume read-only at ${restoredPath}.

The image of this program has a small shell of its own: ls, cd, find, cat, stat. For another one, name an image: --image busybox. The exit code is that of the shell.

The command restores the claim under a temporary name, which takes storage of the namespace, and deletes it and the pod when the shell ends.`,
  examples: [
    '# Look at the newest restore point\nkubectl stash browse deploy/foo',
    "# Look for a file in yesterday's data of one claim\necho 'find /conf' | kubectl stash browse sts/db \\\n  --claim data-db-0 --from yesterday",
    '# Use a real shell\nkubectl stash browse deploy/foo --image busybox',
  ],
  flags: { ...claimFlag, ...filesFlags, ...imageFlag('Any other image must contain sh.') },
  positionals: { name: 'TYPE/NAME', minimum: 1, maximum: 2, completes: 'target' },
  async run({ words, flags, connection: given }, context) {
    const target = parseTarget(words.join('/'));
    const image = flags.image ?? ownImage;
    const connection = await context.cluster(given);
    const check = ({ isBlock, claim }: FilesPlan) => {
      if (!isBlock) return;
      throw new StashError('precondition', `claim ${claim} has no files: it is a block device`, {
        hint: '"kubectl stash cp" copies its contents into one file',
      });
    };
    const wishes = { target, claim: flags.claim, image, flags, check };
    return await openRestoredFiles(wishes, context, connection, async ({ pod, namespace, signal }) => {
      const isTerminal = context.inIsTTY && context.outIsTTY;
      const tell = tellOn(context);
      if (isTerminal)
        tell(
          holdsProgram(image)
            ? 'the files are here, read-only; help lists the commands, exit leaves'
            : `the files are in ${restoredPath}, read-only; exit leaves`,
        );
      const size = () => ({ columns: context.columns, rows: context.rows });
      const giveBack = isTerminal ? context.rawInput() : undefined;
      try {
        return await connection.cluster.exec({
          ...{ namespace, pod, container: containerName, command: shellCommand(image), signal },
          ...{ stdin: context.in, stdout: context.out, stderr: context.err },
          terminal: isTerminal ? { size, onResize: context.onResize } : undefined,
        });
      } finally {
        giveBack?.();
        // Else a program that waits for more input does not end.
        context.in.destroy();
      }
    });
  },
});

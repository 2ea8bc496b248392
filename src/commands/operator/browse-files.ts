import { defineCommand } from '#src/cli/command.ts';
import { rootFlag } from '#src/cli/flags.ts';
import { systemReason } from '#src/cluster/system-reason.ts';
import { runShell } from '#src/files/shell.ts';

export const command = defineCommand({
  name: 'operator browse-files',
  usage: 'operator browse-files --root DIRECTORY',
  description:
    'Run a small shell beside the files of a mounted volume. "kubectl stash browse" runs this command in its pod.',
  examples: ['# As that pod does\nkubectl stash operator browse-files --root /stash/restored'],
  flags: rootFlag,
  async run({ flags: { root } }, { in: input, out, err, outIsTTY }) {
    try {
      return await runShell({ root, input, out, err, isTerminal: outIsTTY, reason: systemReason });
    } finally {
      // Else the process waits for more of it.
      input.destroy();
    }
  },
});

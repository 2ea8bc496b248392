import { defineCommand } from '#src/cli/command.ts';
import { rootFlag } from '#src/cli/flags.ts';
import { printLine } from '#src/cli/print-line.ts';
import { claimPath } from '#src/domain/files/claim-path.ts';
import { sendFiles } from '#src/files/send-files.ts';

/** More of them are only counted. */
const mostTold = 20;

export const command = defineCommand({
  name: 'operator send-files',
  usage: 'operator send-files --root DIRECTORY [--path PATH]',
  description:
    'Write a file or a directory of a mounted volume to stdout, as a tar archive. "kubectl stash cp" runs this command in its pod.',
  examples: ['# As that pod does\nkubectl stash operator send-files --root /stash/restored --path etc'],
  flags: {
    ...rootFlag,
    path: { type: 'string', default: '', valueName: 'PATH', description: 'The path in the volume.' },
  },
  async run({ flags }, context) {
    let problems = 0;
    await sendFiles({
      ...{ root: flags.root, path: claimPath(flags.path), out: context.out },
      onProblem: (path, why) => {
        problems += 1;
        if (problems <= mostTold) printLine(context.err, `${path.toString()}: ${why}`);
      },
    });
    if (problems > mostTold) printLine(context.err, `and ${problems - mostTold} more`);
    return problems === 0 ? 0 : 1;
  },
});

import { defineCommand } from '#src/cli/command.ts';
import { printLine } from '#src/cli/print-line.ts';
import { parseTarget } from '#src/domain/arguments/target-arguments.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatAge } from '#src/domain/duration.ts';
import { cutAt, latestComplete } from '#src/domain/restore-points/choose-point.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { readPoints } from '#src/session/plan/read-points.ts';

export const command = defineCommand({
  name: 'fresh',
  usage: 'fresh TYPE/NAME [flags]',
  description: 'Check that the newest complete restore point of a workload is not too old.',
  examples: ['# Before a migration\nkubectl stash fresh deploy/foo --within 1h'],
  flags: {
    within: { type: 'duration', default: '24h', description: 'How old the restore point may be.' },
  },
  positionals: { name: 'TYPE/NAME', minimum: 1, maximum: 1, completes: 'target' },
  async run({ words: [word = ''], flags, connection }, context) {
    const wanted = parseTarget(word);
    const { cluster, namespace } = await context.cluster(connection);
    const target = { ...wanted, namespace };
    const newest = latestComplete(await readPoints(cluster, namespace), target);
    const age = newest && context.now().getTime() - cutAt(newest).getTime();
    const name = formatTarget(target);
    if (age === undefined || age > flags.within) {
      const why = age === undefined ? 'has no complete restore point' : `was last cut ${formatAge(age)} ago`;
      throw new StashError('precondition', `${name} ${why}`, {
        hint: commandLine`kubectl stash snapshot ${name} -n ${namespace}`,
      });
    }
    printLine(context.out, `${name} was cut ${formatAge(age)} ago`);
  },
});

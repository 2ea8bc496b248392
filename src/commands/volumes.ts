import { defineCommand } from '#src/cli/command.ts';
import type { Context } from '#src/cli/context.ts';
import { allNamespacesFlag, noHeadersFlag } from '#src/cli/flags.ts';
import { outputFlag, print } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { isOfTargets, keptVolumes, type ListedVolume } from '#src/domain/in-place/kept-volumes.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { keptVolumeList, keptVolumeNames, keptVolumeTable } from '#src/report/kept-volumes.ts';
import { readKept } from '#src/session/in-place/read-kept.ts';

import { tellNoneFound } from './none-found.ts';

export const command = defineCommand({
  name: 'volumes',
  usage: 'volumes [TYPE/NAME] [flags]',
  description: `List the volumes that restores in place have kept, with the data that their claims had before. SESSION is the restore that kept them. Nothing deletes them until "kubectl stash forget SESSION" gives them up; "kubectl stash undo SESSION" goes back to them.

STATE is the volume's phase: Released while it is kept. A volume that is left over was to become the new one of a restore that has ended without it. RESTORE POINTS counts those that were cut from the volume: some drivers delete snapshots with their volume.`,
  examples: [
    '# List the kept volumes of a deployment, with the restore points cut from them\nkubectl stash volumes deploy/foo -o wide',
    '# List those of all namespaces\nkubectl stash volumes -A',
    '# Print how many bytes each of them has\nkubectl stash volumes \\\n  -o custom-columns=NAME:.metadata.name,BYTES:.sizeBytes',
  ],
  flags: {
    ...allNamespacesFlag,
    ...noHeadersFlag,
    output: outputFlag('table'),
  },
  positionals: { name: 'TYPE/NAME', completes: 'target' },
  async run({ words, flags, connection: given }, context) {
    const { allNamespaces, noHeaders, output = 'table' } = flags;
    const targets = words.length === 0 ? undefined : parseTargets(words, { names: 'optional' });
    const connection = await context.cluster(given);
    const namespace = allNamespaces ? undefined : connection.namespace;
    const all = keptVolumes(await readKept(connection.cluster, namespace));
    const kept = all.filter(
      (each) =>
        each.swapped.namespace === (namespace ?? each.swapped.namespace) &&
        (targets === undefined || isOfTargets(each, targets)),
    );
    const options = { now: context.now(), allNamespaces, noHeaders, wide: output === 'wide' };
    await print(
      context.out,
      output === 'table' ? 'wide' : output,
      {
        table: () => (kept.length === 0 ? '' : keptVolumeTable(kept, options)),
        value: () => keptVolumeList(kept),
        names: () => keptVolumeNames(kept),
      },
      { noHeaders },
    );
    if (kept.length > 0 && ['table', 'wide'].includes(output)) tellWays(context, kept, namespace);
    if (kept.length > 0) return;
    const names = targets?.names ?? [];
    const of = names.length > 0 ? ` of ${names.map(formatTarget).join(', ')}` : '';
    const { cluster } = connection;
    await tellNoneFound(`kept volumes${of}`, { cluster, namespace, err: context.err });
  },
});

/** Names the session if there is one only. */
function tellWays({ err }: Context, kept: readonly ListedVolume[], namespace = 'NAMESPACE'): void {
  const sessions = new Set(kept.map(({ swapped }) => swapped.session));
  const [only = ''] = sessions;
  const session = sessions.size === 1 ? only : 'SESSION';
  if (kept.some(({ swapped }) => swapped.role === 'kept'))
    printLine(err, `to go back to them: ${commandLine`kubectl stash undo ${session} -n ${namespace}`}`);
  printLine(err, `to give them up: ${commandLine`kubectl stash forget ${session} -n ${namespace}`}`);
}

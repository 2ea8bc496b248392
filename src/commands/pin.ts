import { volumeSnapshots } from '#src/api/resources.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import type { Context } from '#src/cli/context.ts';
import { allOrErrors } from '#src/cli/ends.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { targetKindOf } from '#src/domain/arguments/target-arguments.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { accept } from '#src/domain/finding.ts';

import { pointsNamed } from '#src/domain/restore-points/named-points.ts';
import {
  restorePoints,
  snapshotsOfPoint,
  type RestorePoint,
} from '#src/domain/restore-points/restore-points.ts';
import { StashError } from '#src/errors.ts';
import { isSo, pinSnapshots, type Pinning } from '#src/session/after/pin-points.ts';
import { orMissingNamespace, readerOf } from '#src/session/plan/namespace-reader.ts';

/** Flags of `pin` and `unpin`. */
export const pinningFlags = { dryRun: dryRunFlag('client') } as const;

export const command = defineCommand({
  name: 'pin',
  usage: 'pin SESSION... [flags]',
  description: `Pin restore points: no retention policy deletes a pinned restore point, and "kubectl stash delete" does so only with --force. SESSION is the name that "kubectl stash list" prints.

The mark is an annotation on the snapshots. It does not stop "kubectl delete", nor does it keep the data where the storage deletes snapshots with their volume.`,
  examples: [
    '# Keep what was there before an upgrade\nkubectl stash pin deploy-foo-1732427120',
    '# See what is pinned\nkubectl stash list deploy/foo',
  ],
  flags: pinningFlags,
  positionals: { name: 'SESSION', minimum: 1, completes: 'restore-point' },
  async run(args, context) {
    await setPinned(args, context, 'pin');
    return undefined;
  },
});

/** Finds all restore points before it marks the first. */
export async function setPinned(
  { words, flags, connection }: Args<typeof pinningFlags>,
  context: Context,
  pinning: Pinning,
): Promise<void> {
  for (const word of words) refuseTarget(word, connection.namespace);
  const { cluster, namespace, user } = await context.cluster(connection);
  const reader = readerOf(cluster, namespace);
  const points = restorePoints(await reader.snapshots(), await reader.sessions());
  const found = await allOrErrors(
    [...new Set(words)].map(async (word) => {
      const find = () => Promise.resolve(accept(pointsNamed(points, word, namespace)));
      const named = await orMissingNamespace(reader, Promise.try(find));
      if (pinning === 'pin') named.forEach(refuseRunning);
      const { session = word } = named[0] ?? {};
      const snapshots = named.flatMap(snapshotsOfPoint);
      if (snapshots.length > 0) return { session, snapshots };
      throw new StashError('precondition', `session ${session} has no snapshots to ${pinning}`, {
        hint: commandLine`kubectl stash list -n ${namespace}`,
      });
    }),
  );
  if (flags.dryRun === undefined) await reader.demand(user, [{ verb: 'patch', resource: volumeSnapshots }]);
  const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
  await allOrErrors(
    found.map(async ({ session, snapshots }) => {
      const changing = snapshots.filter((snapshot) => !isSo(snapshot, pinning));
      if (flags.dryRun === undefined) await pinSnapshots(environment, namespace, changing, pinning);
      const outcome = changing.length === 0 ? `already ${pinning}ned` : `${pinning}ned`;
      printLine(context.out, `restore point ${session} ${outcome}${flags.dryRun ? ' (dry run)' : ''}`);
    }),
  );
}

function refuseTarget(word: string, namespace: string | undefined): void {
  const [type = '', name = ''] = word.split('/');
  if (name === '' || targetKindOf(type) === undefined) return;
  throw new StashError('usage', `${word} is a workload: name one of its restore points instead`, {
    hint: commandLine`kubectl stash list ${word} ${inNamespace(namespace)}`,
  });
}

/** Its snapshots do not all exist yet. */
function refuseRunning({ session, namespace, phase }: RestorePoint): void {
  if (phase !== 'Running') return;
  throw new StashError('precondition', `session ${session} is still running`, {
    hint: `let it end:\n${commandLine`kubectl stash wait ${session} -n ${namespace}`}`,
  });
}

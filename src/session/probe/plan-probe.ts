/** Reads whether a probe can succeed, and refuses it otherwise, before the command creates anything. */
import {
  jobs,
  persistentVolumeClaims,
  pods,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { accept, failure, refuse } from '#src/domain/finding.ts';
import { buildRestored, type ProbeWishes } from '#src/domain/probe/build-probe.ts';
import {
  checkSize,
  chooseClasses,
  demandOfProbe,
  rightsForProbe,
  type AskedProbe,
} from '#src/domain/probe/check-probe.ts';
import { claimsBeyondLimits } from '#src/domain/quota/limit-ranges.ts';
import type { NamespaceReader } from '#src/session/plan/namespace-reader.ts';

/** A probe does not begin unless the user has all of these rights. */
export const probeRights = rightsForProbe({
  made: [persistentVolumeClaims, volumeSnapshots, jobs],
  seen: [pods],
  classes: [storageClasses, volumeSnapshotClasses],
});

/** Writes nothing. Rejects with a StashError for the first problem. */
export async function planProbe(
  reader: NamespaceReader,
  asked: AskedProbe,
  user: string,
): Promise<ProbeWishes> {
  refuse(checkSize(asked.size));
  const [groups] = await Promise.all([reader.groups(), reader.namespaceExists()]);
  if (!groups.includes(volumeSnapshots.group)) {
    const why = `the server has no ${volumeSnapshots.group}: nothing can be snapshotted`;
    refuse([failure('precondition', why, { hint: 'kubectl api-resources' })]);
  }
  await reader.demand(user, probeRights);
  const [storage, snapshot] = await Promise.all([reader.storageClasses(), reader.snapshotClasses()]);
  const classes = { storage: storage ?? [], snapshot: snapshot ?? [] };
  const wishes = accept(chooseClasses(asked, classes));
  const [ranges, budget] = await Promise.all([reader.limitRanges(), reader.quotaBudget()]);
  refuse([
    ...claimsBeyondLimits(ranges, [buildRestored(wishes)]),
    ...budget('the probe', demandOfProbe(wishes, classes)),
  ]);
  return wishes;
}

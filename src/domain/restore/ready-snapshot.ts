/** Finds the snapshot from which a claim is restored. */
import { commandLine } from '#src/domain/command-line.ts';
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { noChoice, type Choice } from '#src/domain/finding.ts';
import { nearest } from '#src/domain/nearest.ts';
import { sanitize } from '#src/domain/sanitize.ts';

/**
 * Returns the snapshot, or a failure: 'not-found' if it does not exist, 'precondition' if it is being deleted or not
 * ready.
 */
export function readySnapshot(
  template: VolumeClaimTemplate,
  snapshots: readonly Stored<VolumeSnapshot>[],
  namespace: string,
): Choice<Stored<VolumeSnapshot>> {
  const name = template.spec.dataSource?.name ?? template.spec.dataSourceRef?.name ?? '';
  const snapshot = snapshots.find(({ metadata }) => metadata.name === name);
  const look = commandLine`kubectl get volumesnapshot -n ${namespace}`;
  if (snapshot === undefined) {
    const near = nearest(
      name,
      snapshots.map(({ metadata }) => metadata.name),
    );
    return noChoice('not-found', `volumesnapshot "${name}" not found in namespace ${namespace}`, {
      hint: near === undefined ? look : `did you mean ${near}?\n${look}`,
    });
  }
  if (snapshot.metadata.deletionTimestamp !== undefined) {
    return noChoice('precondition', `volumesnapshot ${name} is being deleted`, { hint: look });
  }
  if (snapshot.status?.readyToUse !== true) {
    const said = snapshot.status?.error?.message ?? '';
    return noChoice(
      'precondition',
      `volumesnapshot ${name} is not ready${said === '' ? '' : `: ${sanitize(said)}`}`,
      { hint: commandLine`kubectl describe volumesnapshot ${name} -n ${namespace}` },
    );
  }
  return { value: snapshot };
}

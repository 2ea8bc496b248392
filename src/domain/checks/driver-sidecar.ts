/** Whether the csi-snapshotter sidecar of each driver answers the contents of snapshots. */
import type { Stored, VolumeSnapshot, VolumeSnapshotContent } from '#src/api/kubernetes.ts';
import { beingCreated } from '#src/api/snapshot-controller.ts';
import { volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatAge } from '#src/domain/duration.ts';
import { failure, type Finding } from '#src/domain/finding.ts';

import { whereRead, type CheckOfNamespace, type Facts } from './check.ts';
import { hintOfGroups } from './group-snapshots.ts';
import { ageMs, waitsForDriver } from './snapshot-answers.ts';

export const driverSidecar: CheckOfNamespace = {
  name: 'driver-sidecar',
  of: 'namespace',
  about:
    'The csi-snapshotter sidecar of a driver has begun or answered each snapshot within a minute after the snapshot controller made its content. Contents are read only for snapshots that wait longer.',
  lists: [volumeSnapshots],
  rights: [{ verb: 'get', resource: volumeSnapshotContents }],
  after: ['snapshot-api', 'snapshot-controller'],
  find: (facts) =>
    whereRead(facts.listed(volumeSnapshots), (snapshots) => {
      const waiting = snapshots.filter((snapshot) => waitsForDriver(snapshot, facts.now));
      if (waiting.length === 0) return [];
      return whereRead(facts.contents, (contents) => {
        /** By driver, the first of its snapshots that wait. */
        const byDriver = new Map<string, Finding>();
        for (const snapshot of waiting) {
          const content = contents.get(snapshot.status?.boundVolumeSnapshotContentName ?? '');
          if (content === undefined || byDriver.has(content.spec.driver)) continue;
          byDriver.set(content.spec.driver, judge(facts, snapshot, content));
        }
        return [...byDriver.values()];
      });
    }),
};

function judge(
  { now, groups }: Facts,
  snapshot: Stored<VolumeSnapshot>,
  { metadata, spec: { driver } }: Stored<VolumeSnapshotContent>,
): Finding {
  const { name, namespace = '' } = snapshot.metadata;
  const age = formatAge(ageMs(snapshot, now));
  if (metadata.annotations?.[beingCreated] !== undefined) {
    return {
      level: 'warn',
      message: `driver ${driver} has begun volumesnapshot ${name} and has not cut it after ${age}`,
      hint: commandLine`kubectl describe volumesnapshot ${name} -n ${namespace}`,
    };
  }
  return failure(
    'precondition',
    `the csi-snapshotter of driver ${driver} does not answer: it has not begun volumesnapshot ${name} after ${age}`,
    { hint: repairSidecar(groups) },
  );
}

/** A hint of several lines. */
export function repairSidecar(groups: readonly string[]): string {
  return [
    'the csi-snapshotter runs beside the controller of the driver: install it with the driver, or repair it',
    ...hintOfGroups(groups),
  ].join('\n');
}

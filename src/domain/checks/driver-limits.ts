/** Whether snapshots fail at a limit of the storage system: those need another schedule or retention, not another driver. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import { driverLimit, type DriverLimit } from '#src/domain/backup/driver-limits.ts';

import { whereRead, type CheckOfNamespace } from './check.ts';
import { snapshotsExamined } from './snapshots-examined.ts';

export const limitsOfDriver: CheckOfNamespace = {
  name: 'driver-limits',
  of: 'namespace',
  about:
    'No snapshot has met a limit of its storage system that is known by the words of its error: rates per volume, requests in all, number of snapshots.',
  lists: [volumeSnapshots],
  after: ['snapshot-api', 'snapshot-controller', 'driver-sidecar'],
  find: (facts) =>
    whereRead(facts.listed(volumeSnapshots), (all) => {
      const byLimit = new Map<DriverLimit, Stored<VolumeSnapshot>[]>();
      for (const snapshot of snapshotsExamined(facts, all)) {
        const limit = snapshot.status?.readyToUse === true ? undefined : limitOf(snapshot);
        if (limit) byLimit.set(limit, [...(byLimit.get(limit) ?? []), snapshot]);
      }
      return [...byLimit].map(([{ limit, advice }, snapshots]) => {
        const first = snapshots[0]?.metadata.name ?? '';
        const more = snapshots.length === 1 ? '' : ` and ${snapshots.length - 1} more`;
        return { level: 'warn', message: `volumesnapshot ${first}${more}: ${limit}`, hint: advice } as const;
      });
    }),
};

function limitOf({ status }: VolumeSnapshot): DriverLimit | undefined {
  return driverLimit(status?.error?.message ?? '');
}

/** Whether snapshots fail at a limit of the storage system: those need another schedule or retention, not another driver. */
import type { Event, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { events, volumeSnapshots } from '#src/api/resources.ts';
import { driverLimit, type DriverLimit } from '#src/domain/backup/driver-limits.ts';
import type { Finding } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { whereRead, type CheckOfNamespace } from './check.ts';
import { firstOf } from './few.ts';
import { snapshotsExamined } from './snapshots-examined.ts';

export const limitsOfDriver: CheckOfNamespace = {
  name: 'driver-limits',
  of: 'namespace',
  about:
    'No snapshot has met a limit of its storage system that is known by the words of its error, or of an Event: rates per volume, requests in all, number of snapshots. Events tell it also of snapshots that succeeded later or were deleted; Kubernetes keeps them for an hour.',
  lists: [volumeSnapshots],
  rights: [{ verb: 'list', resource: events }],
  after: ['snapshot-api', 'snapshot-controller', 'driver-sidecar'],
  find: (facts) =>
    whereRead(facts.listed(volumeSnapshots), (all) => {
      const examined = snapshotsExamined(facts, all);
      const limited = byLimit(examined.filter(isUnready), (each) => each.status?.error?.message);
      const now = [...limited].map(([limit, snapshots]) => told(limit, snapshots.map(nameOf), ''));
      const earlier = whereRead(facts.events, (seen) => {
        const named = facts.target === undefined ? undefined : new Set(examined.map(nameOf));
        const own = seen.filter((each) => named === undefined || named.has(subjectOf(each)));
        return [...byLimit(own, ({ message }) => message)]
          .filter(([limit]) => !limited.has(limit))
          .map(([limit, met]) => told(limit, [...new Set(met.map(subjectOf))], ', as its Events say'));
      });
      return [...now, ...earlier];
    }),
};

function byLimit<T>(
  objects: readonly T[],
  words: (object: T) => string | undefined,
): ReadonlyMap<DriverLimit, readonly T[]> {
  const met = new Map<DriverLimit, T[]>();
  for (const object of objects) {
    const limit = driverLimit(words(object) ?? '');
    if (limit) met.set(limit, [...(met.get(limit) ?? []), object]);
  }
  return met;
}

function told({ limit, advice }: DriverLimit, names: readonly string[], source: string): Finding {
  const message = sanitize(`volumesnapshot ${firstOf(names)}: ${limit}${source}`);
  return { level: 'warn', message, hint: advice };
}

function isUnready({ status }: VolumeSnapshot): boolean {
  return status?.readyToUse !== true;
}

function nameOf({ metadata }: Stored<VolumeSnapshot>): string {
  return metadata.name;
}

/** The name of the snapshot that the Event is about. */
function subjectOf({ involvedObject }: Event): string {
  return involvedObject.name ?? '';
}

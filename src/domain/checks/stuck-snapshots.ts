/** Snapshots that are not ready: the driver's words, which nothing else shows. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import { driverLimit } from '#src/domain/backup/driver-limits.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { driverWords } from '#src/domain/driver-words.ts';
import { formatAge } from '#src/domain/duration.ts';
import type { Finding } from '#src/domain/finding.ts';

import { whereRead, type CheckOfNamespace } from './check.ts';
import { fewOf } from './few.ts';
import { ageMs, waitsForController, waitsForDriver } from './snapshot-answers.ts';
import { snapshotsExamined } from './snapshots-examined.ts';

const stuckAfterMs = 10 * 60_000;

export const stuckSnapshots: CheckOfNamespace = {
  name: 'stuck-snapshots',
  of: 'namespace',
  about:
    'No snapshot has an error, or is cut and not ready after ten minutes. The sidecar tries for ever; the message has the words of the driver.',
  lists: [volumeSnapshots],
  after: ['snapshot-api', 'snapshot-controller', 'driver-sidecar'],
  find: (facts) =>
    whereRead(facts.listed(volumeSnapshots), (all) => {
      const { now } = facts;
      const stuck = snapshotsExamined(facts, all).filter(
        (snapshot) =>
          isStuck(snapshot, now) && !waitsForController(snapshot, now) && !waitsForDriver(snapshot, now),
      );
      const told = stuck.map((snapshot) => tell(snapshot, now));
      return fewOf(told, (rest) => `${rest} more volumesnapshots are not ready`);
    }),
};

function isStuck(snapshot: Stored<VolumeSnapshot>, now: Date): boolean {
  const { metadata, status } = snapshot;
  if (metadata.deletionTimestamp !== undefined || status?.readyToUse === true) return false;
  if (status?.error === undefined) return ageMs(snapshot, now) > stuckAfterMs;
  return driverLimit(status.error.message ?? '') === undefined;
}

function tell(snapshot: Stored<VolumeSnapshot>, now: Date): Finding {
  const { name, namespace = '' } = snapshot.metadata;
  const { error } = snapshot.status ?? {};
  const said = error === undefined ? '' : `: ${driverWords(error.message)}`;
  return {
    level: 'warn',
    message: `volumesnapshot ${name} is not ready after ${formatAge(ageMs(snapshot, now))}${said}`,
    hint: commandLine`kubectl describe volumesnapshot ${name} -n ${namespace}`,
  };
}

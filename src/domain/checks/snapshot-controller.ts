/** Checks that a snapshot controller runs. The CRDs can exist without it. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { controllerLease } from '#src/api/snapshot-controller.ts';
import { leases, volumeSnapshots } from '#src/api/resources.ts';
import { formatAge } from '#src/domain/duration.ts';
import { failure, type Finding } from '#src/domain/finding.ts';

import { whereRead, type CheckOfCluster, type ClusterFacts } from './check.ts';
import { hintOfGroups } from './group-snapshots.ts';
import { isAhead, isRenewed, silentFor } from './lease-life.ts';
import { ageMs, newestOf, waitsForController } from './snapshot-answers.ts';

export const snapshotController: CheckOfCluster = {
  name: 'snapshot-controller',
  of: 'cluster',
  about: `A snapshot controller answers VolumeSnapshots: its Lease ${controllerLease.name} in namespace ${controllerLease.namespace} is renewed, or the newest snapshot has a content or an error. A snapshot that has neither after a minute fails the check.`,
  lists: [volumeSnapshots],
  rights: [{ verb: 'get', resource: leases }],
  after: ['snapshot-api'],
  find: (facts) => whereRead(facts.listed(volumeSnapshots), (snapshots) => judge(facts, snapshots)),
};

function judge(facts: ClusterFacts, snapshots: readonly Stored<VolumeSnapshot>[]): Finding[] {
  const { now, controllerLease: read } = facts;
  const found = 'value' in read ? read.value : undefined;
  const lease = found && !isAhead(found, now) ? found : undefined;
  const answered = newestOf(
    snapshots.filter(({ status }) => (status?.boundVolumeSnapshotContentName ?? status?.error) !== undefined),
  );
  const waiting = newestOf(snapshots.filter((snapshot) => waitsForController(snapshot, now)));
  if (waiting && (!answered || answered.metadata.creationTimestamp < waiting.metadata.creationTimestamp)) {
    const since = `${nameOf(waiting)} has had no content for ${formatAge(ageMs(waiting, now))}`;
    return [lost(facts, `no snapshot controller answers: ${since}`)];
  }
  if (lease && isRenewed(lease, now)) {
    const { holderIdentity = '' } = lease.spec ?? {};
    return [{ level: 'ok', message: `a snapshot controller runs: ${holderIdentity} leads` }];
  }
  if (
    lease &&
    (!answered || Date.parse(answered.metadata.creationTimestamp) < now.getTime() - silentFor(lease, now))
  ) {
    const ms = silentFor(lease, now);
    const since = Number.isFinite(ms) ? `: the last one renewed its Lease ${formatAge(ms)} ago` : '';
    return [lost(facts, `no snapshot controller leads${since}`)];
  }
  if (answered) {
    const age = formatAge(ageMs(answered, now));
    return [{ level: 'ok', message: `a snapshot controller answered ${nameOf(answered)} ${age} ago` }];
  }
  return whereRead(read, () => [
    {
      level: 'unknown',
      message:
        'neither a Lease nor a volumesnapshot tells whether a snapshot controller runs: the first snapshot will show it',
    },
  ]);
}

function nameOf({ metadata }: Stored<VolumeSnapshot>): string {
  return `volumesnapshot ${metadata.namespace ?? ''}/${metadata.name}`;
}

function lost({ groups }: ClusterFacts, message: string): Finding {
  const hint = [
    'install or repair the snapshot-controller of https://github.com/kubernetes-csi/external-snapshotter; managed clusters have it as an add-on',
    ...hintOfGroups(groups),
  ];
  return failure('precondition', message, { hint: hint.join('\n') });
}

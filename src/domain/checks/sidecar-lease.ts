/** Whether a csi-snapshotter leads, for each driver whose sidecar elects a leader. */
import type { Lease, Stored } from '#src/api/kubernetes.ts';
import {
  leases,
  persistentVolumeClaims,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { sidecarLeaseName } from '#src/api/snapshot-controller.ts';
import { formatAge } from '#src/domain/duration.ts';
import { failure, type Finding } from '#src/domain/finding.ts';

import { whereRead, type CheckOfTarget, type Facts } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';
import { repairSidecar } from './driver-sidecar.ts';
import { claimsByDriver } from './drivers.ts';
import { isAhead, isRenewed, silentFor } from './lease-life.ts';

export const sidecarLease: CheckOfTarget = {
  name: 'sidecar-lease',
  of: 'target',
  about:
    'Where the csi-snapshotter of a driver elects a leader, its Lease external-snapshotter-leader-DRIVER is renewed, or a snapshot of these claims was cut since. Not all of them elect one: without a Lease, nothing is found out.',
  lists: [persistentVolumeClaims, volumeSnapshotClasses, volumeSnapshots],
  rights: [{ verb: 'list', resource: leases }],
  after: ['snapshot-api', 'driver-sidecar', 'csi-driver'],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) => {
      const byDriver = [...claimsByDriver(facts, claims)];
      if (byDriver.length === 0) return [];
      return whereRead(facts.sidecarLeases, (found) =>
        byDriver.flatMap(([driver, own]) => {
          const lease = lastRenewed(
            found.filter(
              (each) => each.metadata.name === sidecarLeaseName(driver) && !isAhead(each, facts.now),
            ),
          );
          const names = own.map(({ metadata }) => metadata.name);
          return lease === undefined ? [] : judge(facts, { driver, lease, claims: names });
        }),
      );
    }),
};

interface Elected {
  readonly driver: string;
  readonly lease: Stored<Lease>;
  /** Names of its claims. */
  readonly claims: readonly string[];
}

function judge(facts: Facts, { driver, lease, claims }: Elected): Finding[] {
  const { now, groups } = facts;
  if (isRenewed(lease, now)) {
    const { holderIdentity = '' } = lease.spec ?? {};
    return [
      { level: 'ok', message: `the csi-snapshotter of driver ${driver} runs: ${holderIdentity} leads` },
    ];
  }
  const renewed = renewedAt(lease);
  return whereRead(facts.listed(volumeSnapshots), (snapshots) => {
    // A Lease stays if the sidecar no longer elects a leader.
    const isOutlived = snapshots.some(
      ({ spec, status }) =>
        claims.includes(spec.source.persistentVolumeClaimName ?? '') &&
        Date.parse(status?.creationTime ?? '') > renewed,
    );
    if (isOutlived) return [];
    const ms = silentFor(lease, now);
    const since = Number.isFinite(ms) ? `: the last one renewed its Lease ${formatAge(ms)} ago` : '';
    const { name, namespace = '' } = lease.metadata;
    return [
      failure(
        'precondition',
        `no csi-snapshotter of driver ${driver} leads (lease ${namespace}/${name})${since}`,
        { hint: repairSidecar(groups) },
      ),
    ];
  });
}

function lastRenewed(found: readonly Stored<Lease>[]): Stored<Lease> | undefined {
  return found.reduce<Stored<Lease> | undefined>(
    (last, each) => (last === undefined || renewedAt(last) < renewedAt(each) ? each : last),
    undefined,
  );
}

/** Milliseconds since the epoch; 0 if it was never renewed. */
function renewedAt({ spec }: Lease): number {
  return Date.parse(spec?.renewTime ?? '') || 0;
}

/**
 * The baseline for `snapshot`: creates a VolumeSnapshot of each given claim and watches until all are ready,
 * without any checks, records or reports.
 */
import { volumeSnapshots } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import { until } from '#test/support/until.ts';

/** Milliseconds. With the default client rate limits, a control plane takes minutes for a hundred claims. */
const patience = 600_000;

async function main(claims: readonly string[]): Promise<void> {
  const { cluster, namespace } = await connect({}, process.env, { clock: scaledClock(), version: 'bare' });
  const allReady = until(
    cluster,
    volumeSnapshots,
    { namespace },
    (snapshots) => snapshots.filter(({ status }) => status?.readyToUse === true).length === claims.length,
    patience,
  );
  await Promise.all([
    allReady,
    ...claims.map((claim) =>
      cluster.create(volumeSnapshots, {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshot',
        metadata: { name: `${claim}-bare`, namespace },
        spec: { source: { persistentVolumeClaimName: claim }, volumeSnapshotClassName: 'sandbox' },
      }),
    ),
  ]);
  cluster.close();
}

void main(process.argv.slice(2));

/**
 * Refuses a snapshot whose data is on a lost node. This is the only fact of `doctor` that other commands read just to
 * refuse (ADR 34): the driver would not answer until the session's deadline. The volumes, which the command reads
 * anyway, say whether to read nodes at all.
 */
import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import type { PlannedClaim } from '#src/domain/backup/build-backup.ts';
import { claimsOnNodes, lostClaims } from '#src/domain/checks/node-local.ts';
import { refuse } from '#src/domain/finding.ts';

import type { NamespaceReader } from './namespace-reader.ts';
import { readNodes } from './read-storage.ts';

/**
 * Rejects with 'precondition'. Refuses nothing if the user may not read nodes, or if the volumes are not in `volumes`.
 */
export async function refuseLostNodes(
  { cluster }: NamespaceReader,
  planned: readonly PlannedClaim[],
  volumes: ReadonlyMap<string, Stored<PersistentVolume>>,
): Promise<void> {
  const local = claimsOnNodes(
    planned.map(({ claim }) => claim),
    volumes,
  );
  if (local.length === 0) return;
  const own = new Map(local.map(({ volume }) => [volume.metadata.name, volume]));
  const nodes = await readNodes(cluster, { value: own });
  if ('value' in nodes) refuse(lostClaims(local, nodes.value));
}

/** Refuses a restore whose claims exist, or which a controller would create first, and says what the user can do. */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Stored,
  StorageClass,
  VolumeSnapshot,
} from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { persistentVolumes, pods } from '#src/api/resources.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { accept, refuse } from '#src/domain/finding.ts';
import { chooseStop } from '#src/domain/in-place/choose-stop.ts';
import { claimsInTheWay } from '#src/domain/restore/claims-in-the-way.ts';
import type { RestoreWords } from '#src/domain/restore/restore-command.ts';
import { controllerRace, existingClaims, racedClaims } from '#src/domain/restore/ways-on.ts';
import { rightsToKeep, workloadToStop, type Keeping } from '#src/domain/restore/in-place-steps.ts';
import { bindsLate } from '#src/domain/restore/storage-class.ts';

import { lackedOf } from './in-place-rights.ts';
import { ifAllowed, type NamespaceReader } from './namespace-reader.ts';
import { rightsForInPlace } from './rights-needed.ts';

/** Requests that are under way at the same time. */
const volumesAtOnce = 8;

interface Restoring {
  readonly templates: readonly VolumeClaimTemplate[];
  /** Left out for a RestoreSession from a file. */
  readonly words: RestoreWords | undefined;
  /** The claims of the namespace, without those that the session itself has created. */
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly snapshots: readonly Stored<VolumeSnapshot>[];
  /** Undefined if the user may not read storage classes. */
  readonly classes: readonly Stored<StorageClass>[] | undefined;
  readonly user: string;
}

/** Rejects with a StashError whose hint lists commands for the user. */
export async function refuseClaimsInTheWay(reader: NamespaceReader, restoring: Restoring): Promise<void> {
  const { words, claims, snapshots, templates } = restoring;
  const names = templates.map(({ metadata }) => metadata.name ?? '');
  if (claims.some(({ metadata }) => names.includes(metadata.name))) {
    const { namespace } = reader;
    const running = await ifAllowed(() => reader.cluster.list(pods, { namespace }));
    const ways = claimsInTheWay(names, { claims, snapshots, pods: running?.items ?? [] });
    const held = ways.map(({ claim }) => claim);
    const asked = words && {
      words,
      keeping: await readKeeping(reader, restoring, held, workloadToStop(ways, words)),
    };
    refuse([existingClaims(ways, asked)]);
    return;
  }
  const raced = words === undefined ? [] : racedClaims(names, words);
  if (words === undefined || raced.length === 0) return;
  refuse([controllerRace(raced, words, await readKeeping(reader, restoring, [], words))]);
}

async function readKeeping(
  reader: NamespaceReader,
  { templates, words, classes, user }: Restoring,
  claims: readonly Stored<PersistentVolumeClaim>[],
  stopped: RestoreWords | undefined,
): Promise<Keeping> {
  const volumes = await ifAllowed(() => volumesOf(reader, claims));
  return {
    volumes,
    lacking: await reader.lacking(rightsToKeep([...(volumes?.values() ?? [])], stopped)),
    mayBindLate: classes === undefined || templates.some((template) => bindsLate(template, classes)),
    user,
    mayRestoreInPlace: words !== undefined && (await mayRestoreInPlace(reader, words)),
  };
}

async function mayRestoreInPlace(
  reader: NamespaceReader,
  { target: { kind }, workload }: RestoreWords,
): Promise<boolean> {
  if ((await reader.groups()).includes(appscodeOperatorGroup)) return false;
  const isClaim = kind === 'PersistentVolumeClaim';
  if (workload === undefined && !isClaim) return false;
  const { method } = workload
    ? accept(chooseStop('auto', { kind, object: workload }))
    : { method: 'gate' as const };
  const { inNamespace, ofCluster } = await lackedOf(reader, rightsForInPlace(kind, method));
  return inNamespace.length === 0 && ofCluster.length === 0;
}

/**
 * Resolves with the volumes by claim. Reads each volume by name, because the printed steps need the same right (`get`).
 */
async function volumesOf(
  { cluster }: NamespaceReader,
  claims: readonly Stored<PersistentVolumeClaim>[],
): Promise<Map<string, Stored<PersistentVolume>>> {
  const found = new Map<string, Stored<PersistentVolume>>();
  await forEachBounded(claims, volumesAtOnce, async ({ metadata, spec }) => {
    const { volumeName = '' } = spec;
    const volume =
      volumeName === '' ? undefined : await find(cluster, persistentVolumes, { name: volumeName });
    if (volume) found.set(metadata.name, volume);
  });
  return found;
}

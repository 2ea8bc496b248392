/** Plans a snapshot: reads the claims and classes for it, and finds problems before the session begins. */
import type {
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
  VolumeSnapshotClass,
} from '#src/api/kubernetes.ts';
import type { BackupConfiguration, RetentionPolicy } from '#src/api/stash.ts';
import type { PlannedClaim } from '#src/domain/backup/build-backup.ts';
import { chooseConfiguration } from '#src/domain/configuration/choose-configuration.ts';
import { checkClaims, claimsOfTarget, needsPods } from '#src/domain/workload/claims.ts';
import type { AdHocHooks } from '#src/domain/hooks/hooks.ts';
import type { KeepWishes } from '#src/domain/restore-points/keeping.ts';
import { chooseSnapshotClass, driverOf, annotatedDriver } from '#src/domain/backup/snapshot-class.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { accept, refuse } from '#src/domain/finding.ts';

import { podsOfWorkload } from '#src/session/hooks/pods-of-target.ts';
import { orMissingNamespace, startAll, type NamespaceReader } from './namespace-reader.ts';
import { refuseLostNodes } from './refuse-lost-nodes.ts';

export interface BackupRequest {
  readonly target: Target;
  /** `--snapshot-class` */
  readonly snapshotClass?: string | undefined;
  /** `--config` */
  readonly configuration?: string | undefined;
  /** `--keep-last` and similar flags, applied after the snapshot. */
  readonly retentionPolicy?: RetentionPolicy | undefined;
  /** `--pin` and `--keep-until`. */
  readonly keep?: KeepWishes | undefined;
  /** `--pre` and `--post`, which the command records on the session and runs itself. */
  readonly hooks?: AdHocHooks | undefined;
  /** The most claims that the session may have. If left out, the default of the program applies. */
  readonly claimsPerSession?: number | undefined;
  /** The user's name, for messages and for the record. */
  readonly user: string;
}

export interface BackupPlan {
  readonly target: Target;
  /** Undefined if the command has to create a configuration. */
  readonly configuration: Stored<BackupConfiguration> | undefined;
  readonly sessionClaims: readonly string[];
  readonly planned: readonly PlannedClaim[];
}

/** Reads only, and writes nothing. Rejects with a StashError for the first problem. */
export async function planBackup(reader: NamespaceReader, request: BackupRequest): Promise<BackupPlan> {
  const { target } = request;
  startAll(reader.groups, reader.claims, reader.configurations, reader.snapshotClasses);
  startAll(() => reader.demand(request.user, []));

  const object = await orMissingNamespace(reader, readTarget(reader, target));
  const configuration = chooseConfiguration(await reader.configurations(), target, request.configuration);
  const classes = await reader.snapshotClasses();

  const replicas = configuration?.spec.target?.replicas;
  const seen = { claims: await reader.claims(), pods: await podsOf(reader, object), replicas };
  const names = accept(claimsOfTarget(object, seen, request.claimsPerSession)).map(({ name }) => name);
  const claims = await reader.claims();
  refuse(checkClaims(target, names, claims));

  const planned: PlannedClaim[] = [];
  for (const name of names) {
    const claim = claims.find(({ metadata }) => metadata.name === name);
    if (claim)
      planned.push({ claim, snapshotClass: await classOf(reader, request, configuration, claim, classes) });
  }
  const volumes = await volumesOf(reader, planned);
  await refuseLostNodes(reader, planned, volumes);
  return { target, configuration, sessionClaims: names, planned: withHandles(planned, volumes) };
}

/** Plans the claims of a session that began earlier: those on its own list that still exist. */
export async function planResumed(
  reader: NamespaceReader,
  request: BackupRequest,
  configuration: Stored<BackupConfiguration> | undefined,
  sessionClaims: readonly string[],
): Promise<PlannedClaim[]> {
  const classes = await reader.snapshotClasses();
  const claims = (await reader.claims()).filter(({ metadata }) => sessionClaims.includes(metadata.name));
  const planned = await Promise.all(
    claims.map(async (claim) => ({
      claim,
      snapshotClass: await classOf(reader, request, configuration, claim, classes),
    })),
  );
  return withHandles(planned, await volumesOf(reader, planned));
}

interface ReadTarget {
  readonly kind: Target['kind'];
  readonly object: Stored<KubernetesObject>;
}

async function readTarget(
  { cluster }: NamespaceReader,
  { kind, name, namespace }: Target,
): Promise<ReadTarget> {
  return { kind, object: await cluster.get(targetTypes[kind].resource, name, namespace) };
}

async function podsOf({ cluster }: NamespaceReader, target: ReadTarget): Promise<Pod[]> {
  return needsPods(target) ? await podsOfWorkload(cluster, target.kind, target.object) : [];
}

async function classOf(
  reader: NamespaceReader,
  request: BackupRequest,
  configuration: Stored<BackupConfiguration> | undefined,
  claim: Stored<PersistentVolumeClaim>,
  classes: readonly Stored<VolumeSnapshotClass>[] | undefined,
): Promise<string | undefined> {
  const requested = request.snapshotClass;
  const configured = configuration?.spec.target?.snapshotClassName;
  const driver = await readDriver(reader, claim, classes ?? []);
  if (classes === undefined || driver === undefined) return requested ?? configured;
  const { name } = claim.metadata;
  return accept(chooseSnapshotClass({ claim: name, driver, requested, configured, classes })).metadata.name;
}

/** For more claims, one list of all volumes is cheaper than one request per claim. */
const fewClaims = 50;

/** Resolves with the volumes of the claims by name, without those that the user may not read. */
async function volumesOf(
  reader: NamespaceReader,
  planned: readonly PlannedClaim[],
): Promise<ReadonlyMap<string, Stored<PersistentVolume>>> {
  if (planned.length > fewClaims) return (await reader.volumes()) ?? new Map<string, never>();
  const names = planned.flatMap(({ claim }) => claim.spec.volumeName || []);
  const read = await Promise.all(names.map((name) => reader.volume(name)));
  return new Map(read.flatMap((volume) => (volume ? [[volume.metadata.name, volume] as const] : [])));
}

/** Adds volume handles, except for volumes that are not CSI volumes or that the user may not read. */
function withHandles(
  planned: readonly PlannedClaim[],
  volumes: ReadonlyMap<string, PersistentVolume>,
): PlannedClaim[] {
  return planned.map((each) => {
    const csi = volumes.get(each.claim.spec.volumeName ?? '')?.spec.csi;
    return csi ? { ...each, volumeHandle: csi.volumeHandle } : each;
  });
}

async function readDriver(
  reader: NamespaceReader,
  claim: Stored<PersistentVolumeClaim>,
  classes: readonly VolumeSnapshotClass[],
): Promise<string | undefined> {
  const annotated = annotatedDriver(claim, classes);
  if (annotated !== undefined) return annotated;
  const volumes = await reader.volumes();
  return volumes && accept(driverOf(claim, volumes.get(claim.spec.volumeName ?? '')));
}

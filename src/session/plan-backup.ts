/** What a snapshot will consist of, and what is wrong with it that can be known before it is begun. */
import type {
  PersistentVolumeClaim,
  Pod,
  Stored,
  VolumeSnapshotClass,
  Workload,
} from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupConfiguration, RetentionPolicy } from '#src/api/stash.ts';
import type { PlannedClaim } from '#src/domain/backup/build-backup.ts';
import { chooseConfiguration } from '#src/domain/configuration/choose-configuration.ts';
import { accept, refuse } from '#src/domain/finding.ts';
import { checkClaims, claimsOfTarget, needsPods, type TargetObject } from '#src/domain/workload/claims.ts';
import type { AdHocHooks } from '#src/domain/hooks/hooks.ts';
import { annotatedDriver, chooseSnapshotClass, driverOf } from '#src/domain/backup/snapshot-class.ts';
import { targetTypes, type Target } from '#src/domain/workload/target.ts';

import { podsOfWorkload } from './pods-of-target.ts';
import { orMissingNamespace, startAll, type Surroundings } from './surroundings.ts';

export interface BackupRequest {
  readonly target: Target;
  /** `--snapshot-class` */
  readonly snapshotClass?: string | undefined;
  /** `--config` */
  readonly configuration?: string | undefined;
  /** `--keep-last` and the like: applied once the snapshot is there. */
  readonly retentionPolicy?: RetentionPolicy | undefined;
  /** `--pre` and `--post`: recorded on the session, and run from here. */
  readonly hooks?: AdHocHooks | undefined;
  /** For messages. */
  readonly user: string;
}

export interface BackupPlan {
  readonly target: Target;
  /** Undefined: one has to be made. */
  readonly configuration: Stored<BackupConfiguration> | undefined;
  readonly sessionClaims: readonly string[];
  readonly planned: readonly PlannedClaim[];
}

/** Reads, and writes nothing. Throws a StashError for the first thing that stands in the way. */
export async function planBackup(around: Surroundings, request: BackupRequest): Promise<BackupPlan> {
  const { target } = request;
  startAll(around.groups, around.claims, around.configurations, around.snapshotClasses);
  startAll(() => around.demand(request.user, []));

  const object = await orMissingNamespace(around, readTarget(around, target));
  const configuration = chooseConfiguration(await around.configurations(), target, request.configuration);
  const classes = await around.snapshotClasses();

  const replicas = configuration?.spec.target?.replicas;
  const names = claimsOfTarget(object, {
    claims: await around.claims(),
    pods: await podsOf(around, object),
    replicas,
  }).map(({ name }) => name);
  const claims = await around.claims();
  refuse(checkClaims(target, names, claims));

  const planned: PlannedClaim[] = [];
  for (const name of names) {
    const claim = claims.find(({ metadata }) => metadata.name === name);
    if (claim)
      planned.push({ claim, snapshotClass: await classOf(around, request, configuration, claim, classes) });
  }
  return { target, configuration, sessionClaims: names, planned: await withHandles(around, planned) };
}

/** The planned claims of a session that was begun earlier: its own list, as far as they still are there. */
export async function planResumed(
  around: Surroundings,
  request: BackupRequest,
  configuration: Stored<BackupConfiguration> | undefined,
  sessionClaims: readonly string[],
): Promise<PlannedClaim[]> {
  const classes = await around.snapshotClasses();
  const claims = (await around.claims()).filter(({ metadata }) => sessionClaims.includes(metadata.name));
  const planned = await Promise.all(
    claims.map(async (claim) => ({
      claim,
      snapshotClass: await classOf(around, request, configuration, claim, classes),
    })),
  );
  return withHandles(around, planned);
}

async function readTarget({ cluster }: Surroundings, target: Target): Promise<TargetObject> {
  const resource: Resource<Workload | PersistentVolumeClaim> = targetTypes[target.kind].resource;
  return { kind: target.kind, object: await cluster.get(resource, target.name, target.namespace) };
}

async function podsOf({ cluster }: Surroundings, { kind, object }: TargetObject): Promise<Pod[]> {
  if (!('template' in object.spec) || !needsPods(object as Workload)) return [];
  return await podsOfWorkload(cluster, kind, object as Stored<Workload>);
}

async function classOf(
  around: Surroundings,
  request: BackupRequest,
  configuration: Stored<BackupConfiguration> | undefined,
  claim: Stored<PersistentVolumeClaim>,
  classes: readonly Stored<VolumeSnapshotClass>[] | undefined,
): Promise<string | undefined> {
  const requested = request.snapshotClass;
  const configured = configuration?.spec.target?.snapshotClassName;
  const driver = await readDriver(around, claim, classes ?? []);
  if (classes === undefined || driver === undefined) return requested ?? configured;
  const { name } = claim.metadata;
  return accept(chooseSnapshotClass({ claim: name, driver, requested, configured, classes })).metadata.name;
}

/** Beyond so many claims, one list of all volumes costs less than reading each of theirs. */
const fewClaims = 50;

/** Left out where a volume is none of a CSI driver, or may not be read. */
async function withHandles(around: Surroundings, planned: readonly PlannedClaim[]): Promise<PlannedClaim[]> {
  const all = planned.length > fewClaims ? ((await around.volumes()) ?? new Map<string, never>()) : undefined;
  return Promise.all(
    planned.map(async (each) => {
      const { volumeName = '' } = each.claim.spec;
      const volume =
        volumeName === '' ? undefined : all ? all.get(volumeName) : await around.volume(volumeName);
      return volume?.spec.csi ? { ...each, volumeHandle: volume.spec.csi.volumeHandle } : each;
    }),
  );
}

async function readDriver(
  around: Surroundings,
  claim: Stored<PersistentVolumeClaim>,
  classes: readonly VolumeSnapshotClass[],
): Promise<string | undefined> {
  const annotated = annotatedDriver(claim, classes);
  if (annotated !== undefined) return annotated;
  const volumes = await around.volumes();
  return volumes && accept(driverOf(claim, volumes.get(claim.spec.volumeName ?? '')));
}

/** Reads the facts that `describe` shows about a workload or a claim, with the user's own rights. */
import type {
  Event,
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  Stored,
  VolumeSnapshot,
  VolumeSnapshotClass,
} from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import {
  backupConfigurations,
  persistentVolumeClaims,
  persistentVolumes,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { byName } from '#src/cluster/by-name.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { mapRead, valueOf, type Read } from '#src/domain/checks/check.ts';
import { isFor } from '#src/domain/configuration/choose-configuration.ts';
import { scheduleOutlooks } from '#src/domain/configuration/schedule-outlook.ts';
import type { ClaimFacts, ConfigurationFacts, TargetFacts } from '#src/domain/describe/facts.ts';
import { accept } from '#src/domain/finding.ts';
import { isOfTargets, keptVolumes } from '#src/domain/in-place/kept-volumes.ts';
import { unfinishedSwapsOf } from '#src/domain/in-place/unfinished-swap.ts';
import { isOf } from '#src/domain/restore-points/choose-point.ts';
import { isGood, restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { retentionAtNextRun } from '#src/domain/backup/next-run.ts';
import { retentionProblem } from '#src/domain/retention/retention-rules.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { claimsOfTarget, type TargetObject } from '#src/domain/workload/claims.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { sessionKinds } from '#src/session/kinds/index.ts';

import { ofTarget, type FoundSession } from './find-session.ts';
import type { NamespaceReader } from '#src/session/plan/namespace-reader.ts';
import { readEvents } from './read-events.ts';
import { listOrLacking } from '#src/session/plan/or-lacking.ts';
import { readPods, readTarget } from '#src/session/plan/read-subjects.ts';
import { readSessionFacts, type ReadSession } from './read-session-facts.ts';

export interface ReadTarget {
  readonly facts: TargetFacts;
  /** Empty if the user may not read snapshot classes. */
  readonly classes: readonly Stored<VolumeSnapshotClass>[];
}

/** The limit of claims whose volumes are read. */
const mostVolumes = 50;
const atOnce = 8;

/** Reads only, and writes nothing. Rejects if the workload has more claims than any session may have. */
export async function readTargetFacts(
  reader: NamespaceReader,
  target: Target,
  now: Date,
): Promise<ReadTarget> {
  const [object, claims, snapshots, configurations, swaps, sessions, kept, classes] = await Promise.all([
    readTarget(reader, target),
    listed(reader, persistentVolumeClaims),
    listed(reader, volumeSnapshots),
    listed(reader, backupConfigurations),
    listed(reader, restoreSessions),
    readSessions(reader),
    readKeptVolumes(reader),
    reader.snapshotClasses(),
  ]);
  const backups = (valueOf(sessions) ?? []).filter(({ kind }) => kind.words.prefix === 'Backup');
  const points = mapRead(snapshots, (all) =>
    restorePoints(
      all,
      backups.map((each) => each.object as Stored<BackupSession>),
    ),
  );
  const own = mapRead(points, (all) => all.filter((point) => isOf(point, target)));
  const used = await claimsOf(reader, { object, claims, points: own });
  const last = await lastOf(
    reader,
    mapRead(sessions, (all) => ofTarget(all, target)),
  );
  const restores = valueOf(swaps) ?? [];
  const facts: TargetFacts = {
    target,
    exists: mapRead(object, (found) => found !== undefined),
    claims: used,
    points: own,
    others: target.kind === 'PersistentVolumeClaim' ? pointsWith(valueOf(points) ?? [], target) : [],
    configurations: mapRead(configurations, (all) =>
      configurationsOf({ target, all, points: valueOf(own) ?? [], used, snapshots, swaps: restores, now }),
    ),
    kept: mapRead(kept, (volumes) =>
      keptVolumes({ volumes, sessions: restores, points: valueOf(points) ?? [] }).filter(
        (each) =>
          each.swapped.namespace === target.namespace && isOfTargets(each, { kinds: [], names: [target] }),
      ),
    ),
    unfinishedSwaps: unfinishedSwapsOf({ target }, restores),
    last: mapRead(last, (read) => read?.facts),
    events: await readEventsOf(reader, { object, used, last: valueOf(last) }),
  };
  return { facts, classes: classes ?? [] };
}

function listed<T extends KubernetesObject>(
  { cluster, namespace }: NamespaceReader,
  resource: Resource<T>,
): Promise<Read<Stored<T>[]>> {
  return listOrLacking(cluster, resource, { namespace });
}

async function readSessions(reader: NamespaceReader): Promise<Read<FoundSession[]>> {
  const lists = await Promise.all(
    sessionKinds.map(async (kind) =>
      mapRead(await listed(reader, kind.resource), (items) => items.map((object) => ({ kind, object }))),
    ),
  );
  const unread = lists.find((each) => !('value' in each));
  return unread ?? { value: lists.flatMap((each) => valueOf(each) ?? []) };
}

function readKeptVolumes({ cluster }: NamespaceReader): Promise<Read<Stored<PersistentVolume>[]>> {
  return listOrLacking(cluster, persistentVolumes, { labelSelector: label.restoreSession });
}

interface ClaimSources {
  readonly object: Read<TargetObject | undefined>;
  readonly claims: Read<readonly Stored<PersistentVolumeClaim>[]>;
  readonly points: Read<readonly RestorePoint[]>;
}

async function claimsOf(
  reader: NamespaceReader,
  { object, claims, points }: ClaimSources,
): Promise<TargetFacts['claims']> {
  if (!('value' in claims)) return claims;
  if (!('value' in object)) return object;
  const pods = await readPods(reader, object);
  if (!('value' in pods)) return pods;
  const names =
    object.value === undefined
      ? (valueOf(points)?.find(isGood)?.claims ?? []).map(({ claim }) => claim)
      : accept(
          claimsOfTarget(object.value, { claims: claims.value, pods: pods.value }, mostClaimsPerSession),
        ).map(({ name }) => name);
  const byName = new Map(claims.value.map((claim) => [claim.metadata.name, claim]));
  const facts = names.map((name): ClaimFacts => {
    return { name, claim: byName.get(name), volume: { value: undefined } };
  });
  const volumes = await readVolumes(reader, facts.slice(0, mostVolumes));
  return {
    value: facts.map((each) => ({ ...each, volume: volumes.get(each.name) ?? each.volume })),
  };
}

/** Returns the volumes by claim. After a refusal, asks no more. */
async function readVolumes(
  { cluster }: NamespaceReader,
  claims: readonly ClaimFacts[],
): Promise<ReadonlyMap<string, ClaimFacts['volume']>> {
  const volumes = new Map<string, ClaimFacts['volume']>();
  let refused: ClaimFacts['volume'] | undefined;
  await forEachBounded(claims, atOnce, async ({ name, claim }) => {
    const { volumeName = '' } = claim?.spec ?? {};
    if (volumeName === '') return;
    const scope = byName({ name: volumeName });
    const read =
      refused ?? mapRead(await listOrLacking(cluster, persistentVolumes, scope), ([volume]) => volume);
    if (!('value' in read)) refused = read;
    volumes.set(name, read);
  });
  return volumes;
}

async function lastOf(
  reader: NamespaceReader,
  sessions: Read<readonly FoundSession[]>,
): Promise<Read<ReadSession | undefined>> {
  if (!('value' in sessions)) return sessions;
  const unfinished = sessions.value.findLast(({ object }) => !isFinal(object));
  const last = unfinished ?? sessions.value.at(-1);
  return { value: last && (await readSessionFacts(reader, last)) };
}

interface ConfigurationSources {
  readonly target: Target;
  readonly all: readonly Stored<BackupConfiguration>[];
  /** The restore points of the target. */
  readonly points: readonly RestorePoint[];
  readonly used: TargetFacts['claims'];
  readonly snapshots: Read<readonly Stored<VolumeSnapshot>[]>;
  readonly swaps: readonly Stored<RestoreSession>[];
  readonly now: Date;
}

function configurationsOf({
  target,
  all,
  points,
  now,
  ...sources
}: ConfigurationSources): ConfigurationFacts[] {
  const own = all.filter((each) => each.spec.driver === 'VolumeSnapshotter' && isFor(each, target));
  const outlooks = scheduleOutlooks(own, points, now);
  return own.map((configuration) => {
    const outlook = outlooks.find((each) => each.configuration === configuration);
    const at = outlook?.nextDue;
    if (at === undefined || retentionProblem(configuration.spec.retentionPolicy) !== undefined)
      return { configuration, outlook, nextRetention: undefined };
    const { used, snapshots, swaps } = sources;
    const nextRetention = !('value' in snapshots)
      ? snapshots
      : mapRead(used, (facts) => {
          const claims = facts.flatMap(({ claim }) => claim ?? []);
          return retentionAtNextRun({
            ...{ configuration, target, claims, snapshots: snapshots.value, restoreSessions: swaps, at },
          });
        });
    return { configuration, outlook, nextRetention };
  });
}

/** Returns the restore points of workloads that contain the claim. */
function pointsWith(points: readonly RestorePoint[], { name }: Target): RestorePoint[] {
  return points.filter(
    ({ target, claims }) =>
      target?.kind !== 'PersistentVolumeClaim' && claims.some(({ claim }) => claim === name),
  );
}

function readEventsOf(
  reader: NamespaceReader,
  about: {
    readonly object: Read<TargetObject | undefined>;
    readonly used: TargetFacts['claims'];
    readonly last: ReadSession | undefined;
  },
): Promise<Read<Stored<Event>[]>> {
  const { object, used, last } = about;
  const target = valueOf(object)?.object as Stored<KubernetesObject> | undefined;
  const claims = (valueOf(used) ?? []).flatMap(({ claim }) => claim ?? []);
  return readEvents(reader, [
    ...(target ? [target] : []),
    ...(last ? [last.facts.session, ...last.made] : []),
    ...claims,
  ]);
}

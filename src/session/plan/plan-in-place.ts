/** Plans a restore in place, and finds problems before the session begins. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { annotation, appscodeOperatorGroup } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { accept, failure, refuse, type Failure } from '#src/domain/finding.ts';
import { buildSwapSession } from '#src/domain/in-place/build-session.ts';
import { checkInPlace, type ClaimInPlace, type UserPod } from '#src/domain/in-place/check-in-place.ts';
import { checkStaged, templatesByClaim } from '#src/domain/in-place/check-staged.ts';
import { chooseClaims, type ChosenClaim } from '#src/domain/in-place/choose-claims.ts';
import { checkRecreate } from '#src/domain/in-place/check-recreate.ts';
import { checkPause, chooseStop, type StopWish } from '#src/domain/in-place/choose-stop.ts';
import { findDatabase } from '#src/domain/in-place/database-operators.ts';
import type { InPlacePlan, InPlaceRow } from '#src/domain/in-place/plan.ts';
import { planNotes, recreateNotes } from '#src/domain/in-place/plan-notes.ts';
import { readRecord, type InPlaceMethod } from '#src/domain/in-place/record.ts';
import { stagedSize } from '#src/domain/in-place/staged-claims.ts';
import { placeOf } from '#src/domain/in-place/topology.ts';
import { isUnfinishedSwap } from '#src/domain/in-place/unfinished-swap.ts';
import { maxQuantity } from '#src/domain/quantity.ts';
import { demandOfClaims, demandOfSnapshots } from '#src/domain/quota/demand.ts';
import type { Demand } from '#src/domain/quota/quota-budget.ts';
import { claimsBeyondLimits } from '#src/domain/quota/limit-ranges.ts';
import { storageLeft } from '#src/domain/quota/storage-left.ts';
import { choosePoint, cutAt, restoreFrom } from '#src/domain/restore-points/choose-point.ts';
import { parseMoment } from '#src/domain/restore-points/moment.ts';
import { nameIn } from '#src/domain/restore-points/named-point.ts';
import { hasEnded } from '#src/domain/restore/claims-in-the-way.ts';
import { besideCommand } from '#src/domain/restore/restore-command.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { readFlags } from '#src/domain/restore/restore-flags.ts';
import type { Right } from '#src/domain/rights.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { claimsOfTarget } from '#src/domain/workload/claims.ts';
import { readWorkload } from '#src/domain/workload/kinds.ts';
import { podsControlledBy } from '#src/domain/workload/owned-pods.ts';
import { readTarget, type Target } from '#src/domain/workload/target.ts';
import type { ExecutorMode } from '#src/session/holding/executor.ts';

import { demand } from './in-place-rights.ts';
import { startAll, type NamespaceReader } from './namespace-reader.ts';
import { readOrigins } from './plan-restore.ts';
import { pointsOfNamespace } from './prepare-restore.ts';
import { planBackup } from './plan-backup.ts';
import {
  claimInPlace,
  podsWithClaims,
  readObject,
  readOthers,
  readReplicaSets,
  type ReadTarget,
} from './read-in-place.ts';
import { rightsForInPlace, rightsForSnapshot, rightsOnVolumes } from './rights-needed.ts';

export interface InPlaceRequest {
  readonly target: Target;
  /** `latest`, a session's name, or a time. */
  readonly from: string;
  /** If empty, all claims of the target. */
  readonly only: readonly string[];
  readonly stop: StopWish;
  readonly method: 'auto' | InPlaceMethod;
  readonly before: 'none' | 'snapshot';
  /** Whether the user is going to confirm the plan. Without that, `auto` does not give up the present volumes. */
  readonly confirms: boolean;
  /** `--pause`: stop before the workload is started again. */
  readonly pause: boolean;
  /** `--also`: other workloads whose pods use the claims and may be stopped. */
  readonly also: readonly Pick<Target, 'kind' | 'name'>[];
  /** `--yes-operator`: do not refuse because an operator manages the claims. */
  readonly yesOperator: boolean;
  readonly now: Date;
  readonly executor: ExecutorMode;
  /** The user's name, for messages. */
  readonly user: string;
}

/**
 * Finds the unfinished session that the same command began. The command then continues it, and plans nothing. With
 * `latest` or a time, this is any restore in place of these claims of the target, because another restore point may be
 * the newest by now.
 */
export async function findUnfinishedInPlace(
  reader: Pick<NamespaceReader, 'restoreSessions'>,
  {
    target,
    from,
    only,
    method,
    before,
    now,
  }: Pick<InPlaceRequest, 'target' | 'from' | 'only' | 'method' | 'before' | 'now'>,
): Promise<Stored<RestoreSession> | undefined> {
  const isAny = from === 'latest' || parseMoment(from, now) !== undefined;
  return (await reader.restoreSessions()).find((session) => {
    if (!isUnfinishedSwap(session)) return false;
    const { name, annotations } = session.metadata;
    const record = readRecord(session);
    const of = readTarget(session);
    const restored = annotations?.[annotation.restoredFrom];
    const given = readFlags(session).find(({ flag }) => flag === '--only')?.value ?? '';
    return (
      record?.volumesOf === name &&
      record.abandoned !== true &&
      (method === 'auto' || record.method === method) &&
      (before === 'none' || record.before !== undefined) &&
      of?.kind === target.kind &&
      of.name === target.name &&
      restored !== undefined &&
      (isAny || restored === nameIn(from)) &&
      given === only.join(',')
    );
  });
}

/** Reads only, and writes nothing. Rejects with a StashError for the first problem. */
export async function planInPlace(reader: NamespaceReader, request: InPlaceRequest): Promise<InPlacePlan> {
  const { target, from, only, also, now } = request;
  startAll(reader.groups, reader.claims, reader.pods, reader.volumes, reader.snapshots, reader.sessions);
  startAll(reader.restoreSessions, reader.storageClasses, reader.quotas, reader.limitRanges, () =>
    reader.missing([]),
  );

  refuse(noExecutor(await reader.groups(), request.executor));
  const object = await readObject(reader, target);
  const others = await readOthers(reader, also);
  const stop = accept(chooseStop(request.stop, object, also.length > 0));
  if (request.pause) refuse(checkPause(stop));
  const lacked = request.method === 'auto' ? await reader.lacking(rightsOnVolumes) : [];
  const method = request.method === 'auto' ? (lacked.length === 0 ? 'swap' : 'recreate') : request.method;
  await demand(reader, request.user, rightsForInPlace(target.kind, stop.method, method));

  const points = await pointsOfNamespace(reader);
  const point = accept(choosePoint(points, target, from, only, parseMoment(from, now)));
  const [claims, pods] = await Promise.all([reader.claims(), podsWithClaims(reader)]);
  const owners = await readReplicaSets(reader, pods);
  const podsOf = ({ kind, object }: ReadTarget) => podsControlledBy(kind, object, pods, owners);
  const own = podsOf(object);
  const ofTarget = accept(claimsOfTarget(object, { claims, pods: own })).map(({ name }) => name);
  const restoreSessions = await reader.restoreSessions();
  const { chosen, unused } = accept(chooseClaims({ target, point, ofTarget, claims, restoreSessions, only }));

  const ours = [own, ...others.map(podsOf)].flat();
  const readable = await reader.volumes();
  const volumes = readable ?? new Map<string, never>();
  const inPlace = chosen.map(({ claim }) => claimInPlace(claim, { volumes, pods, owners, ours }));
  const beside = besideCommand(target, point.session, only);
  const backupSessions = await reader.sessions();
  const database = findDatabase({
    claims: chosen.map(({ claim }) => claim),
    owners: [
      ...(object.object.metadata.ownerReferences ?? []),
      ...inPlace.flatMap((each) => each.pods.flatMap(({ controller }) => controller ?? [])),
    ],
    all: claims,
  });
  refuse(
    checkInPlace({
      ...{ target, claims: inPlace, volumes: [...volumes.values()], restoreSessions, backupSessions },
      ...{ database, yesOperator: request.yesOperator },
      otherWays: { ordinary: restoreFrom(target, point, only), beside },
      unread: method === 'recreate' && readable === undefined,
    }),
  );
  const backup =
    method === 'recreate' || request.before === 'snapshot'
      ? await planBackup(reader, { target, user: request.user })
      : undefined;
  if (method === 'recreate') {
    const snapshotted = backup?.sessionClaims ?? [];
    const problems = checkRecreate({ target, stop, claims: inPlace, snapshotted, beside });
    const [problem] = problems;
    const isChosen = lacked.length === 0;
    refuse(isChosen || !problem ? problems : [mayNotOnVolumes(request.user, lacked, problem)]);
    if (!isChosen && !request.confirms) refuse([unasked(request.user, lacked)]);
  }

  const classes = await reader.storageClasses();
  const toStage = chosen.map((each, index) => ({
    ...each,
    pods: running(inPlace[index]?.pods ?? []),
  }));
  const { session, record, templates } = buildSwapSession({
    ...{ method, target, from: point.session, only, claims: toStage, classes, at: now },
    ...{ before: request.before === 'snapshot', stop: stop.method, pause: request.pause, also },
  });
  // The command must not delete claims that it could not create again.
  if (method === 'recreate') expandTemplates(session);
  const staged = toStage.flatMap((each, index) => {
    const template = templates[index];
    return template ? [{ ...each, template }] : [];
  });
  refuse(checkStaged(staged, { classes, origins: await readOrigins(reader, staged), beside }));
  // Ask the API server, which checks each change of a claim, too.
  const present = chosen.map(({ claim }) => claim);
  refuse(claimsBeyondLimits(await reader.limitRanges(), [...present, ...templatesByClaim(staged)]));
  const replaced = method === 'swap' ? [] : present;
  const needs = growth(demandOfClaims(templates, classes), demandOfClaims(replaced, classes));
  const budget = await reader.quotaBudget();
  refuse(budget('the restore', needs));
  if (backup) {
    const fresh = backup.configuration === undefined;
    const rights = rightsForSnapshot({ executor: 'local', wait: true, fresh, probes: false });
    await reader.demand(request.user, rights);
    refuse(budget('the snapshot before the restore', demandOfSnapshots(backup.planned.length)));
  }

  const rows = inPlace.map((each, index) => rowOf(each, chosen[index]));
  const stopped = new Set(toStage.flatMap(({ pods }) => pods.map(({ metadata }) => metadata.uid)));
  return {
    ...{ target, session, record, templates, rows, stop },
    point: { session: point.session, cutAt: cutAt(point) },
    replicas: readWorkload(object.kind, object.object)?.replicas,
    pods: stopped.size,
    storage: {
      needed: needs.get('requests.storage') ?? 0n,
      left: storageLeft(await reader.quotas(), needs),
    },
    notes: [
      ...planNotes({ target: object, claims: inPlace, rows, stop: stop.method, database, unused }),
      ...(method === 'recreate' ? recreateNotes(inPlace) : []),
    ],
  };
}

/** Returns how much more is created than deleted. */
function growth(created: Demand, deleted: Demand): Demand {
  const rest = [...created].map(([name, amount]) => [name, amount - (deleted.get(name) ?? 0n)] as const);
  return new Map(rest.filter(([, amount]) => amount > 0n));
}

/** Returns the failure if neither method is possible. `recreate` says why that method is not. */
function mayNotOnVolumes(user: string, lacked: readonly Right[], recreate: Failure): Failure {
  const why = recreate.message.replace(/^cannot restore in place with /, '');
  return failure('forbidden', `${lackedOnVolumes(user, lacked)}; ${why}`, { hint: recreate.hint });
}

/** Refuses to choose `recreate` without the user: it deletes the present volumes. */
function unasked(user: string, lacked: readonly Right[]): Failure {
  return failure('usage', `${lackedOnVolumes(user, lacked)}, so the present volumes would be deleted`, {
    hint: 'to delete them after a snapshot of them, add --method=recreate',
  });
}

function lackedOnVolumes(user: string, lacked: readonly Right[]): string {
  const verbs = lacked.map(({ verb }) => verb).join(', ');
  return sanitize(`cannot restore in place: user "${user}" may not ${verbs} persistentvolumes`);
}

/** Refuses operators: they would carry the session out like any other, and leave the temporary claims behind. */
function noExecutor(groups: readonly string[], mode: ExecutorMode): Failure[] {
  if (groups.includes(appscodeOperatorGroup)) {
    return [
      failure(
        'precondition',
        "cannot restore in place: AppsCode's Stash operator runs here, and would carry the session out without the swap",
        { hint: 'restore beside the claims, with --suffix' },
      ),
    ];
  }
  if (mode !== 'operator') return [];
  const why = 'no operator restores in place: the command line does';
  return [failure('precondition', why, { hint: 'leave out --executor=operator' })];
}

function running(pods: readonly UserPod[]): Stored<Pod>[] {
  return pods.map(({ pod }) => pod).filter((pod) => !hasEnded(pod));
}

function rowOf({ claim, volume }: ClaimInPlace, chosen: ChosenClaim | undefined): InPlaceRow {
  const { name } = claim.metadata;
  const size = maxQuantity(claim.spec.resources?.requests?.storage, claim.status?.capacity?.storage) ?? '';
  return {
    claim: name,
    volume: claim.spec.volumeName ?? '',
    snapshot: chosen?.snapshot.metadata.name ?? '',
    size,
    newSize: (chosen && stagedSize(chosen)) ?? size,
    place: volume && placeOf(volume),
  };
}

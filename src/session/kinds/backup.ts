/** BackupSessions: a VolumeSnapshot of each claim of a workload. */
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { observe } from '#src/cluster/observe.ts';
import {
  backupClaims,
  backupHookState,
  freezeEnd,
  type BackupWorld,
} from '#src/domain/backup/backup-claims.ts';
import { backupVerdict } from '#src/domain/backup/backup-verdict.ts';
import type { PlannedClaim } from '#src/domain/backup/build-backup.ts';
import { snapshotCommand } from '#src/domain/backup/snapshot-command.ts';
import { decideBackup, decideLeavingBackup } from '#src/domain/backup/decide-backup.ts';
import { followedClaims } from '#src/domain/backup/followed-claims.ts';
import { targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { hooksOfBackup, retriesLeft } from '#src/domain/hooks/hooks.ts';
import { failedBackup } from '#src/domain/session/end-status.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { backupHookRecord } from '#src/domain/session/hook-record.ts';
import { deadlineOf, lateAt, timeLimitMs } from '#src/domain/session/session-status.ts';
import { invokerName, labelValue, snapshotterJobName } from '#src/domain/workload/names.ts';
import {
  readTarget,
  refOf,
  targetAnnotation,
  targetOfRef,
  type Target,
} from '#src/domain/workload/target.ts';

import type { Environment } from '../environment.ts';
import type { Held } from '#src/session/holding/held.ts';
import type { Scene, Scenery, SessionContext, SessionKind } from '../kind.ts';
import { persist } from '../persist.ts';
import { planBackup, planResumed, type BackupPlan } from '#src/session/plan/plan-backup.ts';
import { refuseForeignHooks } from '#src/session/hooks/refuse-foreign-hooks.ts';
import { isPermanent } from '#src/session/permanent-error.ts';
import { readerOf, once, type NamespaceReader } from '#src/session/plan/namespace-reader.ts';

export type BackupExecution = Pick<BackupPlan, 'target' | 'sessionClaims' | 'planned'>;

const defaultMaxFreezeMs = 60_000;
/** An executor that takes a session over waits at least this long to see its snapshots, even past the deadline. */
const knownWithinMs = 60_000;
/** It waits at least this long if the application has been quiesced for as long as it may be. */
const knownWhileQuietMs = 10_000;

export const backup: SessionKind<BackupSession, BackupExecution> = {
  words: {
    name: 'backup',
    prefix: 'Backup',
    resource: backupSessions,
    makes: volumeSnapshots,
    done: 'snapshotted',
    withoutWorkload: false,
    ready: 'Ready',
    describes: ({ claim, snapshot }) =>
      snapshot === undefined ? ['persistentvolumeclaim', claim] : ['volumesnapshot', snapshot],
    shows: (target) => ['kubectl', 'stash', 'list', target],
  },
  resource: backupSessions,
  hookRecord: backupHookRecord,
  hookState: backupHookState,
  jobName: snapshotterJobName,
  timeLimitMs: (_, { configuration }) => timeLimitMs(configuration?.spec.timeOut),
  // AppsCode's operator names the target in the status.
  targetOf: (session) => readTarget(session) ?? targetOfRef(session.status?.targets?.[0]?.ref, session),
  resumeCommand: (session) => {
    const target = readTarget(session);
    if (target === undefined) return undefined;
    const { name } = session.spec.invoker;
    const configuration = name === invokerName(target) ? undefined : name;
    return snapshotCommand(target, { configuration, hooks: hooksOfBackup(session, undefined) });
  },
  verdict: backupVerdict,

  async complete(environment, { metadata, spec }, context) {
    if (context.configuration) return context;
    const { namespace } = metadata;
    const read = () => environment.cluster.get(backupConfigurations, spec.invoker.name, namespace);
    return { ...context, configuration: await persist(environment, read) };
  },
  async plan(environment, held, { configuration, reads, claimsPerSession }) {
    if (configuration === undefined) throw new TypeError('a backup is planned by its configuration');
    const reader = readerOfConfiguration(environment, configuration, reads);
    const planned = await persist(environment, () =>
      plan(reader, held.session(), configuration, claimsPerSession),
    );
    await note(held, planned);
    return planned;
  },
  async planEnd({ cluster }, session, { configuration }) {
    const target = configuration && targetIn(configuration);
    const sessionClaims = readSessionClaims(session.metadata.annotations);
    if (target === undefined || sessionClaims === undefined) return undefined;
    const claims = await readerOf(cluster, target.namespace).claims();
    const planned = claims
      .filter(({ metadata }) => sessionClaims.includes(metadata.name))
      .map((claim) => ({ claim }));
    return { target, sessionClaims, planned };
  },
  goesOnResumed: true,
  failed: (session, { end, context: { configuration }, timeoutMs, now }) => {
    const target = configuration && targetIn(configuration);
    return failedBackup(session, { end, ref: target && refOf(target), timeoutMs, now });
  },

  async hooks({ cluster }, session, { target }, { configuration, runsGivenHooks = false }) {
    const hooks = hooksOfBackup(session, configuration);
    if (hooks?.adHoc !== true || runsGivenHooks) return { hooks };
    return { hooks: undefined, refused: await refuseForeignHooks(cluster, hooks, session, target) };
  },
  observe: observeBackup,
  makes: {
    isOf: isOfSession,
    deleted: (name) => `volumesnapshot ${name} was deleted while the session ran`,
    taken: (name, again) => (again ? `volumesnapshot ${name} belongs to another session` : undefined),
  },
  watch({ cluster }, namespace, { signal, ring }) {
    const made = observe(cluster, volumeSnapshots, { namespace }, signal, ring);
    return { made, claims: (session) => followedClaims(session, [...made.items.values()]) };
  },
};

function observeBackup({
  environment: { cluster },
  loop,
  held,
  plan,
  context: { configuration, maxFreezeMs = defaultMaxFreezeMs, failFast = false },
  hasAsked,
  ...scene
}: Scene<BackupSession, BackupExecution>): Scenery<BackupSession> {
  const { uid, name } = held.session().metadata;
  const { refused, takenAt } = scene;
  for (const claim of plan.sessionClaims) {
    if (!plan.planned.some(({ claim: { metadata } }) => metadata.name === claim)) {
      refused.set(claim, `persistentvolumeclaim "${claim}" is gone`);
    }
  }
  const made = observe(
    cluster,
    volumeSnapshots,
    { namespace: plan.target.namespace, labelSelector: `${label.backupSession}=${labelValue(name)}` },
    loop.signal,
    loop.ring,
  );
  const look = (now: Date): BackupWorld => {
    const snapshots = new Map<string, Stored<VolumeSnapshot>>();
    for (const snapshot of made.items.values()) {
      const claim = snapshot.spec.source.persistentVolumeClaimName;
      if (isOfSession(snapshot, { metadata: { uid } }) && claim !== undefined) snapshots.set(claim, snapshot);
    }
    return {
      ...plan,
      ...scene,
      now,
      session: held.session(),
      snapshots,
      lost: made.lost() !== undefined || !made.isSynced(),
      failFast,
      maxFreezeMs,
      retriesLeft: retriesLeft(held.session(), configuration),
      begun: hasAsked() || !made.isSynced(),
      leaving: scene.onlyThaw !== undefined,
    };
  };
  const frozenUntil = freezeEnd(look(takenAt));
  const quietUntil =
    frozenUntil && new Date(Math.max(frozenUntil.getTime(), takenAt.getTime() + knownWhileQuietMs));
  return {
    made,
    target: plan.target,
    hookTarget: plan.target,
    maxFreezeMs,
    knownBy: (now, toGoOn) => {
      const deadline = lateAt(deadlineOf(held.session()) ?? takenAt, true);
      const known = new Date(Math.max(deadline.getTime(), takenAt.getTime() + knownWithinMs));
      // The previous executor may have left the application quiesced: resume it even before the snapshots are known.
      const counts = quietUntil !== undefined && quietUntil < known && !(toGoOn && now >= quietUntil);
      return counts ? quietUntil : known;
    },
    look: (now) => {
      const world = look(now);
      return {
        claims: () => backupClaims(world),
        step: () => decideBackup(world),
        leave: () => decideLeavingBackup(world),
      };
    },
  };
}

function isOfSession(
  { metadata }: KubernetesObject,
  session: { readonly metadata: { readonly uid: string } },
): boolean {
  return metadata.annotations?.[annotation.sessionUid] === session.metadata.uid;
}

/** Plans the claims on the session's own list if it is Running, else the target's present claims. */
async function plan(
  reader: NamespaceReader,
  session: Stored<BackupSession>,
  configuration: Stored<BackupConfiguration>,
  claimsPerSession: number | undefined,
): Promise<BackupExecution> {
  const target = targetOfConfiguration(configuration);
  const { name } = configuration.metadata;
  const { annotations } = session.metadata;
  const snapshotClass = annotations?.[annotation.snapshotClass];
  const request = { target, configuration: name, snapshotClass, user: 'this executor', claimsPerSession };
  const listed = readSessionClaims(annotations);
  if (session.status?.phase !== 'Running' || listed === undefined) return planBackup(reader, request);
  const planned: PlannedClaim[] = await planResumed(reader, request, configuration, listed);
  return { target, sessionClaims: listed, planned };
}

/**
 * Returns a reader that knows only this configuration and checks no rights: the executor's roles come with the
 * operator.
 */
function readerOfConfiguration(
  { cluster }: Environment,
  configuration: Stored<BackupConfiguration>,
  reads: SessionContext['reads'],
): NamespaceReader {
  const shared = reads && {
    claims: once(reads.claims),
    snapshotClasses: once(reads.snapshotClasses),
    volumes: once(reads.volumes),
    volume: reads.volume,
  };
  return {
    ...readerOf(cluster, configuration.metadata.namespace ?? ''),
    ...shared,
    groups: () => Promise.resolve([]),
    configurations: () => Promise.resolve([configuration]),
    demand: () => Promise.resolve(),
  };
}

/** Records the target and its claims on the session, for followers and for the next executor. */
async function note(held: Held<BackupSession>, { target, sessionClaims }: BackupExecution): Promise<void> {
  const wanted = { ...targetAnnotation(target), [annotation.sessionClaims]: JSON.stringify(sessionClaims) };
  const { annotations = {} } = held.session().metadata;
  if (Object.entries(wanted).every(([key, value]) => annotations[key] === value)) return;
  await held.annotate(wanted);
}

/** Returns undefined if the configuration names no target that a session can snapshot. */
function targetIn(configuration: Stored<BackupConfiguration>): Target | undefined {
  try {
    return targetOfConfiguration(configuration);
  } catch (error) {
    if (isPermanent(error)) return undefined;
    throw error;
  }
}

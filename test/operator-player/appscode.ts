/**
 * Simulates AppsCode's operator: a session is Skipped unless its configuration is Ready; the Job is created before the
 * status is written; snapshots have neither labels nor annotations, and their names have the suffix of the session's;
 * stats name no snapshots; a session whose Job fails stays Running for ever.
 */
import type { Job, PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  jobs,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession, TargetRef } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { accept } from '#src/domain/finding.ts';
import { claimsOfTarget, type TargetObject } from '#src/domain/workload/claims.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { restoreJobName, snapshotterJobName } from '#src/domain/workload/names.ts';
import { isTargetKind } from '#src/domain/workload/target.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';

import {
  condition,
  isOlderThan,
  play,
  writeStatus,
  type Part,
  type Player,
  type Seen,
  type Stage,
} from './play.ts';

export interface AppscodeManners {
  /** The status of every configuration; default: Ready at once. */
  readonly configuration?: {
    readonly phase: 'Ready' | 'NotReady' | 'Invalid';
    readonly afterMs?: number;
    readonly message?: string;
  };
  /** How Jobs end; `hangs`: they do nothing and never end. Default `succeeds`. */
  readonly job?: 'succeeds' | 'fails' | 'hangs';
  /** `none`: it finds no claims and reports success. */
  readonly hosts?: 'all' | 'none';
  /** Sets a session to Succeeded as soon as its snapshots exist, before they are ready. */
  readonly hasty?: boolean;
}

/** The API groups of a cluster in which it runs. */
export function withAppscode(cluster: Cluster): Cluster {
  return { ...cluster, groups: async () => [...(await cluster.groups()), appscodeOperatorGroup] };
}

export function playAppscode(stage: Stage, manners: AppscodeManners = {}): Player {
  const { cluster, namespace } = stage;
  const { configuration: wanted = { phase: 'Ready' }, job: jobEnds = 'succeeds', hosts = 'all' } = manners;

  const part: Part = {
    async configuration(configuration) {
      if (configuration.status?.phase === wanted.phase) return;
      if (!isOlderThan(configuration, wanted.afterMs ?? 0, stage)) return;
      const { message } = wanted;
      const words = { reason: 'TargetNotAvailable', message };
      await writeStatus(stage, backupConfigurations, configuration, {
        phase: wanted.phase,
        ...(message !== undefined && { conditions: [condition(stage, 'BackupTargetFound', 'False', words)] }),
      });
    },

    async session(session, seen) {
      const configuration = seen.configurations.get(session.spec.invoker.name);
      const ref = configuration?.spec.target?.ref;
      const job = seen.jobs.get(snapshotterJobName(session.metadata.name));
      if (session.status?.phase === undefined) {
        if (configuration?.status?.phase !== 'Ready') await skip(session);
        else if (job === undefined) await createJob(snapshotterJobName(session.metadata.name));
        else
          await writeStatus(stage, backupSessions, session, {
            phase: 'Running',
            targets: [{ ref, phase: 'Running' }],
          });
        return;
      }
      if (session.status.phase !== 'Running' || configuration === undefined || !(await isAtWork(job))) return;
      const made = hosts === 'none' ? [] : await snapshotAll(session, configuration, ref, seen);
      const ready = made.every(
        (snapshot) => snapshot !== undefined && (manners.hasty === true || isReady(snapshot)),
      );
      if (!ready) return;
      await endJob(job, 'Complete');
      const stats = made.map((snapshot) => ({
        hostname: snapshot?.spec.source.persistentVolumeClaimName,
        phase: 'Succeeded',
      }));
      await writeStatus(stage, backupSessions, session, {
        phase: 'Succeeded',
        targets: [{ ref, phase: 'Succeeded', totalHosts: stats.length, stats }],
      });
    },

    async restore(session, seen) {
      const job = seen.jobs.get(restoreJobName(session.metadata.name));
      if (session.status?.phase === undefined) {
        if (job === undefined) await createJob(restoreJobName(session.metadata.name));
        else await writeStatus(stage, restoreSessions, session, { phase: 'Running' });
        return;
      }
      if (session.status.phase !== 'Running' || !(await isAtWork(job))) return;
      const made = hosts === 'none' ? [] : await claimAll(session, seen);
      const stats = made.map((claim) => ({ hostname: claim?.metadata.name, phase: hostPhase(claim) }));
      if (stats.some(({ phase }) => phase === 'Running')) return;
      await endJob(job, 'Complete');
      const phase = stats.some((host) => host.phase === 'Unknown') ? 'Unknown' : 'Succeeded';
      await writeStatus(stage, restoreSessions, session, { phase, totalHosts: stats.length, stats });
    },
  };

  async function skip(session: Stored<BackupSession>): Promise<void> {
    const message = 'Skipped taking new backup: the invoker is not ready';
    const conditions = [
      condition(stage, 'BackupSkipped', 'True', { reason: 'SkippedTakingNewBackup', message }),
    ];
    await writeStatus(stage, backupSessions, session, { phase: 'Skipped', conditions });
  }

  async function createJob(name: string): Promise<void> {
    const job: Job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace },
      spec: {
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'stash', image: 'stash' }] } },
      },
    };
    await cluster.create(jobs, job);
  }

  /** Starts the Job, or ends it if it must fail; returns whether it has work to do. */
  async function isAtWork(job: Stored<Job> | undefined): Promise<boolean> {
    if (job === undefined || job.status?.conditions !== undefined) return false;
    if (jobEnds === 'fails') await endJob(job, 'Failed');
    else if (job.status?.active === undefined) await writeStatus(stage, jobs, job, { active: 1 });
    else return jobEnds === 'succeeds';
    return false;
  }

  async function endJob(job: Stored<Job> | undefined, type: 'Complete' | 'Failed'): Promise<void> {
    if (job === undefined) return;
    const why = { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
    await writeStatus(stage, jobs, job, {
      active: 0,
      conditions: [{ type, status: 'True', ...(type === 'Failed' && why) }],
    });
  }

  /** By claim; undefined if it did not exist before. */
  async function snapshotAll(
    session: Stored<BackupSession>,
    { spec }: Stored<BackupConfiguration>,
    ref: TargetRef | undefined,
    { snapshots, claims }: Seen,
  ): Promise<(Stored<VolumeSnapshot> | undefined)[]> {
    const suffix = session.metadata.name.slice(session.metadata.name.lastIndexOf('-') + 1);
    const names = accept(claimsOfTarget(await read(ref), { claims: [...claims.values()], pods: [] }));
    return Promise.all(
      names.map(async ({ name: claim }) => {
        const name = `${claim}-${suffix}`;
        const existing = snapshots.get(name);
        if (existing) return existing;
        await cluster.create(volumeSnapshots, {
          apiVersion: 'snapshot.storage.k8s.io/v1',
          kind: 'VolumeSnapshot',
          metadata: { name, namespace },
          spec: {
            source: { persistentVolumeClaimName: claim },
            volumeSnapshotClassName: spec.target?.snapshotClassName ?? '',
          },
        });
        return undefined;
      }),
    );
  }

  async function read({ kind, name = '' }: TargetRef = {}): Promise<TargetObject> {
    if (!isTargetKind(kind)) throw new Error(`no target: ${String(kind)}`);
    const resource: Resource = targetTypes[kind].resource;
    return { kind, object: await cluster.get(resource, name, namespace) };
  }

  /** By template; undefined if it did not exist before. */
  async function claimAll(
    session: Stored<RestoreSession>,
    { claims }: Seen,
  ): Promise<(Stored<PersistentVolumeClaim> | undefined)[]> {
    return Promise.all(
      expandTemplates(session).map(async ({ metadata, spec }) => {
        const existing = claims.get(metadata.name ?? '');
        if (existing) return existing;
        await cluster.create(persistentVolumeClaims, {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { ...metadata, namespace },
          spec,
        });
        return undefined;
      }),
    );
  }

  return play(stage, part);
}

function isReady({ status }: VolumeSnapshot): boolean {
  return status?.readyToUse === true;
}

/** The sandbox's storage class with WaitForFirstConsumer is recognized by its name. */
function hostPhase(claim: Stored<PersistentVolumeClaim> | undefined): 'Running' | 'Succeeded' | 'Unknown' {
  if (claim?.status?.phase === 'Bound') return 'Succeeded';
  return claim?.spec.storageClassName?.endsWith('-wait') === true ? 'Unknown' : 'Running';
}

/** A BackupSession that is there already, from wherever it stands to its end: what a Job does, or the operator itself. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { parseDuration } from '#src/domain/duration.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import { snapshotterJobName } from '#src/domain/workload/names.ts';
import { defaultTimeoutMs, isFinal } from '#src/domain/session/session-status.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';

import { awaitHolder, isTakenOver, lookAgain } from './await-holder.ts';
import { runBackup } from './backup.ts';
import { endHeldBackup } from './end-backup.ts';
import type { Environment } from './environment.ts';
import type { Held } from './held.ts';
import { hold } from './hold.ts';
import { persist } from './persist.ts';
import { planBackup, planResumed, type BackupPlan } from './plan-backup.ts';
import { isForGood } from './standing-error.ts';
import { lookAround, once, type CommonReads, type Surroundings } from './surroundings.ts';

export interface CarryOutBackup {
  readonly session: Stored<BackupSession>;
  /** Of this executor. */
  readonly id: string;
  /** How long the application may stay quiesced. */
  readonly maxFreezeMs: number;
  /** Where it is known already, and that the target's configuration is this one. */
  readonly configuration?: Stored<BackupConfiguration> | undefined;
  /** Where many begin at the same time: reads that are shared. */
  readonly reads?: CommonReads | undefined;
  /** A holder that was seen dead. */
  readonly replacing?: Holder | undefined;
  /** What to do where somebody who lives holds the session: wait for its end or death, or leave it alone. */
  readonly held: 'wait' | 'leave';
}

/**
 * Resolves with the session as it was last seen, which is final unless it was left to somebody else. What is wrong with
 * its target ends it Failed; rejects where it may go better another time: unreachable, interrupted, taken over.
 */
export async function carryOutBackup(
  environment: Environment,
  task: CarryOutBackup,
): Promise<Stored<BackupSession>> {
  let { session, replacing } = task;
  for (;;) {
    const held = await hold(environment, backupSessions, session, task.id, replacing);
    if (held) {
      try {
        await execute(environment, held, task);
        return held.session();
      } catch (error) {
        if (!isTakenOver(held)) throw error;
      } finally {
        await held.release();
      }
    }
    if (task.held === 'leave') return await lookAgain(environment, backupSessions, session);
    const jobName = snapshotterJobName(session.metadata.name);
    const vacancy = await awaitHolder(environment, backupSessions, session, jobName);
    ({ session, dead: replacing } = vacancy);
    if (isFinal(session)) return session;
  }
}

async function execute(
  environment: Environment,
  held: Held<BackupSession>,
  { configuration: known, maxFreezeMs, reads }: CarryOutBackup,
): Promise<void> {
  const { cluster, clock, signal } = environment;
  const { namespace = '' } = held.session().metadata;
  const { name } = held.session().spec.invoker;
  let configuration = known;
  try {
    configuration ??= await persist(clock, signal, () => cluster.get(backupConfigurations, name, namespace));
    const found = configuration;
    const timeoutMs = parseDuration(found.spec.timeOut ?? '') ?? defaultTimeoutMs;
    const around = aroundConfiguration(environment, namespace, found, reads);
    const planned = await persist(clock, signal, () => plan(around, held.session(), found));
    await note(held, planned.target, planned.sessionClaims);
    await runBackup(environment, {
      ...{ held, ...planned, timeoutMs, configuration, maxFreezeMs },
      failFast: false,
    });
  } catch (error) {
    if (!isForGood(error) || held.lost.aborted) throw error;
    // Whoever had it before may have quiesced the application.
    const end = { how: 'disrupted', why: error.message } as const;
    await endHeldBackup(environment, held, { configuration, end, maxFreezeMs });
  }
}

type Planned = Pick<BackupPlan, 'target' | 'sessionClaims' | 'planned'>;

/** One that runs keeps its list; before that, whatever is written on it, its target decides. */
async function plan(
  around: Surroundings,
  session: Stored<BackupSession>,
  configuration: Stored<BackupConfiguration>,
): Promise<Planned> {
  const target = targetOfConfiguration(configuration);
  const request = { target, configuration: configuration.metadata.name, user: 'this executor' };
  const listed = readSessionClaims(session.metadata.annotations);
  if (session.status?.phase !== 'Running' || listed === undefined) return planBackup(around, request);
  const planned = await planResumed(around, request, configuration, listed);
  return { target, sessionClaims: listed, planned };
}

/** The configuration is known, and rights are for whoever installed us to see to. */
function aroundConfiguration(
  { cluster }: Environment,
  namespace: string,
  configuration: Stored<BackupConfiguration>,
  reads: CommonReads | undefined,
): Surroundings {
  const own = lookAround(cluster, namespace);
  const shared = reads && {
    claims: once(reads.claims),
    snapshotClasses: once(reads.snapshotClasses),
    volumes: once(reads.volumes),
    volume: reads.volume,
  };
  return {
    ...own,
    ...shared,
    groups: () => Promise.resolve([]),
    configurations: () => Promise.resolve([configuration]),
    demand: () => Promise.resolve(),
  };
}

/** Whoever goes on with it has to know what it consists of; whoever follows it, too. */
async function note(held: Held<BackupSession>, target: Target, claims: readonly string[]): Promise<void> {
  const wanted = { ...targetAnnotation(target), [annotation.sessionClaims]: JSON.stringify(claims) };
  const { annotations = {} } = held.session().metadata;
  if (Object.entries(wanted).every(([key, value]) => annotations[key] === value)) return;
  await held.annotate(wanted);
}

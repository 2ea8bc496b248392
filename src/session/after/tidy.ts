/** Tidies up after a session: retention, then the history limit, and a condition for each in the session's status. */
import type { Stored } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { historyLimit, isOf, sessionsToForget } from '#src/domain/retention/history.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import { withCondition } from '#src/domain/session/session-status.ts';
import {
  historyType,
  retentionType,
  tellHistory,
  tidyCondition,
  tidyingLeft,
  type TidyCondition,
  type TidyType,
} from '#src/domain/retention/tidy-conditions.ts';
import { isStashError, type StashError } from '#src/errors.ts';

import { applyRetention, invokerOf } from './apply-retention.ts';
import { deleteEach, untilTrouble } from './delete-each.ts';
import { recordFailures } from './record-failures.ts';
import type { HoldEnvironment } from '#src/session/holding/held.ts';
import { persist } from '#src/session/persist.ts';

export interface EndedSession {
  /** A session with a final status. Its other fields may be out of date. */
  readonly session: Stored<BackupSession>;
  /** The BackupConfiguration that the session names. */
  readonly configuration: Stored<BackupConfiguration>;
}

export interface TidyOptions {
  /** At least all sessions of the namespace. If left out, `tidyUp` lists those with the invoker's label. */
  readonly sessions?: Iterable<Stored<BackupSession>>;
}

export interface Tidied {
  /** The conditions for the session's status. Empty if nothing was left to do. */
  readonly conditions: readonly TidyCondition[];
  /** Names of the deleted snapshots and sessions. */
  readonly deleted: { readonly snapshots: readonly string[]; readonly sessions: readonly string[] };
  /** What could not be done, one line each. The session does not fail because of it. */
  readonly notes: readonly string[];
}

interface Done {
  readonly type: TidyType;
  readonly done: boolean;
  readonly message: string;
  readonly deleted: readonly string[];
}

/**
 * Does each step once, and no step for which the session has a condition. Safe to repeat after a crash at any point.
 * Rejects only with 'interrupted'.
 */
export async function tidyUp(
  environment: HoldEnvironment,
  { session, configuration }: EndedSession,
  options: TidyOptions = {},
): Promise<Tidied> {
  const results: Done[] = [];
  for (const type of tidyingLeft(session, configuration)) {
    results.push(
      type === retentionType
        ? {
            type,
            ...(await applyRetention(environment, session, configuration.spec.retentionPolicy, 'schedule')),
          }
        : await cleanHistory(environment, session, configuration, options),
    );
  }
  const conditions = results.map(({ type, done, message }) => tidyCondition(type, done, message));
  const unwritten = conditions.length === 0 ? undefined : await tryToWrite(environment, session, conditions);
  const deletedBy = (type: TidyType) => results.find((result) => result.type === type)?.deleted ?? [];
  return {
    conditions,
    deleted: {
      snapshots: deletedBy(retentionType),
      sessions: deletedBy(historyType),
    },
    notes: [
      ...results.filter(({ done }) => !done).map(({ message }) => message),
      ...(unwritten ? [`not written to backupsession/${session.metadata.name}: ${unwritten.message}`] : []),
    ],
  };
}

async function cleanHistory(
  environment: HoldEnvironment,
  session: Stored<BackupSession>,
  configuration: BackupConfiguration,
  options: TidyOptions,
): Promise<Done> {
  const { clock, cluster, signal } = environment;
  const type = historyType;
  const invoker = invokerOf(session);
  const limit = historyLimit(configuration);
  const failed = ({ message }: StashError, deleted: readonly string[] = []): Done => ({
    type,
    done: false,
    message: `backupHistoryLimit ${limit}: ${message}`,
    deleted,
  });
  const labelSelector = `${label.invokerName}=${labelValue(invoker.name)}`;
  const scope = { namespace: invoker.namespace, labelSelector };
  const until = untilTrouble(clock.now());
  try {
    const sessions = options.sessions
      ? [...options.sessions]
      : (await persist(environment, () => cluster.list(backupSessions, scope), { until })).items;
    const own = sessions.filter((each) => isOf(each, invoker) && each.metadata.uid !== session.metadata.uid);
    await recordFailures(environment, invoker, [session, ...own]);
    const toDelete = sessionsToForget({ invoker, sessions, limit, ended: session.metadata.name });
    const { deleted, failure } = await deleteEach(environment, backupSessions, toDelete);
    if (failure) return failed(failure, deleted);
    return { type, done: true, message: tellHistory(limit, deleted), deleted };
  } catch (error) {
    if (!isStashError(error) || signal.aborted) throw error;
    return failed(error);
  }
}

/** Resolves with the error if the conditions could not be written. */
async function tryToWrite(
  environment: HoldEnvironment,
  session: Stored<BackupSession>,
  conditions: readonly TidyCondition[],
): Promise<StashError | undefined> {
  try {
    await writeConditions(environment, session, conditions);
    return undefined;
  } catch (error) {
    if (isStashError(error, 'not-found')) return undefined;
    if (!isStashError(error) || environment.signal.aborted) throw error;
    return error;
  }
}

/** Adds the conditions to those that the status now has. */
async function writeConditions(
  environment: HoldEnvironment,
  session: Stored<BackupSession>,
  conditions: readonly TidyCondition[],
): Promise<void> {
  const { cluster, clock } = environment;
  const { name, namespace, uid } = session.metadata;
  const now = clock.now();
  const patience = { until: untilTrouble(now) };
  const look = () => cluster.get(backupSessions, name, namespace);
  // Stop if the UID differs: a new session of the same name is another session.
  for (
    let current = session;
    current.metadata.uid === uid;
    current = await persist(environment, look, patience)
  ) {
    const { resourceVersion } = current.metadata;
    // Another executor may have done the same meanwhile, and its result counts.
    const known = new Set(current.status?.conditions?.map(({ type }) => type));
    const missing = conditions.filter(({ type }) => !known.has(type));
    if (missing.length === 0) return;
    const merged = missing.reduce(
      (present, condition) => withCondition(present, condition, now),
      current.status?.conditions,
    );
    const status = { conditions: merged };
    const patch = { metadata: { resourceVersion }, status };
    const write = () => cluster.patch(backupSessions, { name, namespace }, patch, { subresource: 'status' });
    try {
      await persist(environment, write, patience);
      return;
    } catch (error) {
      if (!isStashError(error, 'conflict')) throw error;
    }
  }
}

/** What is done after a session's end: retention, then history, and a word of both in its status. */
import type { Stored } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { defaultHistoryLimit, sessionsToForget } from '#src/domain/retention/history.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import { withCondition } from '#src/domain/session/session-status.ts';
import {
  tellHistory,
  tidyCondition,
  tidyingLeft,
  type TidyCondition,
  type TidyType,
} from '#src/domain/retention/tidy-conditions.ts';
import { isStashError, type StashError } from '#src/errors.ts';

import { applyRetention, invokerOf } from './apply-retention.ts';
import { deleteEach, untilTrouble } from './delete-each.ts';
import type { HoldEnvironment } from './held.ts';
import { persist } from './persist.ts';

export interface EndedSession {
  /** Final. It may be out of date otherwise. */
  readonly session: Stored<BackupSession>;
  /** The one that the session names. */
  readonly configuration: Stored<BackupConfiguration>;
}

export interface TidyOptions {
  /** All that are known of the namespace, or more; left out: those with the invoker's label are asked for. */
  readonly sessions?: Iterable<Stored<BackupSession>>;
}

export interface Tidied {
  /** What was said in the session's status; none where there was nothing left to do. */
  readonly conditions: readonly TidyCondition[];
  /** Names of snapshots and of sessions. */
  readonly deleted: { readonly snapshots: readonly string[]; readonly sessions: readonly string[] };
  /** What could not be done, one line each. A session that succeeded has succeeded all the same. */
  readonly notes: readonly string[];
}

interface Done {
  readonly type: TidyType;
  readonly done: boolean;
  readonly message: string;
  readonly deleted: readonly string[];
}

/**
 * Each thing once: what the session's conditions tell of is not done again. Safe to repeat after a crash at any point.
 * Rejects only when it is interrupted.
 */
export async function tidyUp(
  environment: HoldEnvironment,
  { session, configuration }: EndedSession,
  options: TidyOptions = {},
): Promise<Tidied> {
  const results: Done[] = [];
  for (const type of tidyingLeft(session, configuration)) {
    results.push(
      type === 'RetentionPolicyApplied'
        ? { type, ...(await applyRetention(environment, session, configuration.spec.retentionPolicy)) }
        : await cleanHistory(environment, session, configuration, options),
    );
  }
  const conditions = results.map(({ type, done, message }) => tidyCondition(type, done, message));
  const unsaid = conditions.length === 0 ? undefined : await say(environment, session, conditions);
  const deletedBy = (type: TidyType) => results.find((result) => result.type === type)?.deleted ?? [];
  return {
    conditions,
    deleted: {
      snapshots: deletedBy('RetentionPolicyApplied'),
      sessions: deletedBy('BackupHistoryCleaned'),
    },
    notes: [
      ...results.filter(({ done }) => !done).map(({ message }) => message),
      ...(unsaid ? [`not written to backupsession/${session.metadata.name}: ${unsaid.message}`] : []),
    ],
  };
}

async function cleanHistory(
  environment: HoldEnvironment,
  session: Stored<BackupSession>,
  { spec }: BackupConfiguration,
  options: TidyOptions,
): Promise<Done> {
  const { clock, cluster, signal } = environment;
  const type = 'BackupHistoryCleaned';
  const invoker = invokerOf(session);
  const limit = spec.backupHistoryLimit ?? defaultHistoryLimit;
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
      : (await persist(clock, signal, () => cluster.list(backupSessions, scope), { until })).items;
    const goes = sessionsToForget({ invoker, sessions, limit, ended: session.metadata.name });
    const { deleted, failure } = await deleteEach(environment, backupSessions, goes);
    if (failure) return failed(failure, deleted);
    return { type, done: true, message: tellHistory(limit, deleted), deleted };
  } catch (error) {
    if (!isStashError(error) || signal.aborted) throw error;
    return failed(error);
  }
}

/** Resolves with why it could not be written. */
async function say(
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

/** Beside the conditions that stand there, whoever wrote them. */
async function writeConditions(
  { cluster, clock, signal }: HoldEnvironment,
  session: Stored<BackupSession>,
  conditions: readonly TidyCondition[],
): Promise<void> {
  const { name, namespace, uid } = session.metadata;
  const now = clock.now();
  const patience = { until: untilTrouble(now) };
  const look = () => cluster.get(backupSessions, name, namespace);
  // Another of the same name is none of ours.
  for (
    let current = session;
    current.metadata.uid === uid;
    current = await persist(clock, signal, look, patience)
  ) {
    const { resourceVersion } = current.metadata;
    const merged = conditions.reduce(
      (present, condition) => withCondition(present, condition, now),
      current.status?.conditions,
    );
    const status = { conditions: merged };
    const patch = { metadata: { resourceVersion }, status };
    const write = () => cluster.patch(backupSessions, { name, namespace }, patch, { subresource: 'status' });
    try {
      await persist(clock, signal, write, patience);
      return;
    } catch (error) {
      if (!isStashError(error, 'conflict')) throw error;
    }
  }
}

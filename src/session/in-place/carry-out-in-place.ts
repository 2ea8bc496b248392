/**
 * Carries a restore in place out, from whatever state it is in: stages the new volumes, then swaps them with the
 * present ones.
 */
import type { Stored } from '#src/api/kubernetes.ts';
import { stashCondition } from '#src/api/conditions.ts';
import { annotation } from '#src/api/labels.ts';
import { persistentVolumeClaims, restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { deleteSame } from '#src/cluster/delete-same.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { startedSwap } from '#src/domain/in-place/staging.ts';
import { readRecord, type InPlaceRecord } from '#src/domain/in-place/record.ts';
import { reached } from '#src/domain/in-place/swap-status.ts';
import { endedSwap } from '#src/domain/in-place/swap-progress.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { restoreWords } from '#src/domain/restore/restore-words.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { isFinal, timeLimitMs } from '#src/domain/session/session-status.ts';
import { restoreJobName } from '#src/domain/workload/names.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import type { Environment } from '#src/session/environment.ts';
import { awaitHolder } from '#src/session/holding/await-holder.ts';
import type { Held } from '#src/session/holding/held.ts';
import { stagingKind } from '#src/session/kinds/staging.ts';
import { holdOrWait } from '#src/session/run/carry-out.ts';
import { runSession } from '#src/session/run/run-session.ts';

import { findIncoming } from './find-incoming.ts';
import { runSwap } from './run-swap.ts';
import { writeRecord } from './write-record.ts';

export interface CarryOutInPlace {
  readonly session: Stored<RestoreSession>;
  readonly target: Target;
  /** This executor's id. */
  readonly id: string;
  readonly stopTimeoutMs: number;
  /** Give up the new volumes and leave everything as it was. */
  readonly abandon?: boolean;
  /** The user has run the command again, so that a paused session starts its workload. */
  readonly goesOn?: boolean;
  readonly say: (line: string) => void;
}

/** Resolves with the final progress, whether the session succeeded or failed. Rejects as `runSwap` does. */
export function carryOutInPlace(environment: Environment, task: CarryOutInPlace): Promise<Progress> {
  const { session, id, target, say } = task;
  const name = `restoresession/${session.metadata.name}`;
  return holdOrWait<RestoreSession, Progress>(
    environment,
    { resource: restoreSessions, words: restoreWords },
    { session, replacing: undefined },
    {
      id,
      execute: (held) => execute(environment, held, task),
      onTakenOver: () => {
        say(`${name} was taken over by another executor: waiting for its end`);
      },
      otherwise: async (last) => {
        say(`another executor carries ${name} out: waiting for its end`);
        const jobName = restoreJobName(last.metadata.name);
        const { session, dead } = await awaitHolder(environment, restoreSessions, last, jobName);
        if (isFinal(session)) return { result: endedSwap(session, target) };
        if (dead) say(`${dead.id} has shown no sign of life; taking ${name} over`);
        return { session, replacing: dead };
      },
    },
  );
}

async function execute(
  environment: Environment,
  held: Held<RestoreSession>,
  { target, stopTimeoutMs, id, abandon = false, goesOn = false }: CarryOutInPlace,
): Promise<Progress> {
  const record = recordOf(held);
  if (abandon && record.abandoned !== true) await writeRecord(held, { ...record, abandoned: true });
  if (goesOn && record.pause === true && reached(held.session(), stashCondition.claimsSwapped))
    await writeRecord(held, { ...record, pause: false });
  if (recordOf(held).abandoned !== true) {
    const failed = await stage(environment, held, target);
    if (failed) return failed;
  }
  return await runSwap(environment, { held, target, stopTimeoutMs, id });
}

/** Resolves with the progress of a staging that has failed. Undefined if the record names every new volume. */
async function stage(
  environment: Environment,
  held: Held<RestoreSession>,
  target: Target,
): Promise<Progress | undefined> {
  const timeoutMs = timeLimitMs(held.session().spec.timeOut);
  const { method, claims: recorded } = recordOf(held);
  if (method === 'recreate' || recorded.every(({ incoming }) => incoming !== undefined)) {
    if (held.session().status?.phase !== 'Running')
      await held.writeStatus(startedSwap(environment.clock.now(), timeoutMs, recordOf(held)));
    return undefined;
  }
  const templates = expandTemplates(held.session());
  // Each staged claim names its node, so that none waits for its first consumer.
  const plan = { templates, waitForConsumer: new Set<string>(), target };
  const progress = await runSession(environment, stagingKind, { held, plan, context: {}, timeoutMs });
  const record = recordOf(held);
  if (isFinal(held.session())) {
    await removeStaged(environment, held);
    return progress;
  }
  const { claims, problem } = await findIncoming(environment, record.claims, target.namespace);
  const given = problem && { abandoned: true, why: problem.message };
  await writeRecord(held, { ...record, claims, ...given });
  return undefined;
}

const deletionsAtOnce = 8;

/** Deletes the staged claims: some of them are of no use without the others. */
async function removeStaged(environment: Environment, held: Held<RestoreSession>): Promise<void> {
  const { cluster } = environment;
  const { uid, namespace } = held.session().metadata;
  const { items } = await cluster.list(persistentVolumeClaims, { namespace });
  const names = recordOf(held).claims.map(({ staged }) => staged);
  const staged = items.filter(
    ({ metadata }) =>
      names.includes(metadata.name) && metadata.annotations?.[annotation.restoreSessionUid] === uid,
  );
  await forEachBounded(staged, deletionsAtOnce, (claim) =>
    deleteSame(cluster, persistentVolumeClaims, claim),
  );
}

function recordOf(held: Held<RestoreSession>): InPlaceRecord {
  const record = readRecord(held.session());
  if (record) return record;
  throw new StashError(
    'invalid',
    `restoresession/${held.session().metadata.name} has no record of its claims that this version can read`,
  );
}

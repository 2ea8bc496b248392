/** Carries a restore in place out, from whatever state it is in: stages the new volumes, then swaps. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { persistentVolumeClaims, persistentVolumes, restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Failure } from '#src/domain/finding.ts';
import { startedSwap } from '#src/domain/in-place/staging.ts';
import {
  formatRecord,
  readRecord,
  type InPlaceClaim,
  type InPlaceRecord,
} from '#src/domain/in-place/record.ts';
import { misplacedVolume } from '#src/domain/in-place/topology.ts';
import { endedSwap } from '#src/domain/in-place/swap-progress.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { restoreWords } from '#src/domain/restore/restore-words.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { isFinal, timeLimitMs } from '#src/domain/session/session-status.ts';
import { restoreJobName } from '#src/domain/workload/names.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';
import type { Environment } from '#src/session/environment.ts';
import { awaitHolder } from '#src/session/holding/await-holder.ts';
import type { Held } from '#src/session/holding/held.ts';
import { stagingKind } from '#src/session/kinds/staging.ts';
import { persist } from '#src/session/persist.ts';
import { holdOrWait } from '#src/session/run/carry-out.ts';
import { runSession } from '#src/session/run/run-session.ts';

import { runSwap } from './run-swap.ts';

export interface CarryOutInPlace {
  readonly session: Stored<RestoreSession>;
  readonly target: Target;
  /** This executor's id. */
  readonly id: string;
  readonly stopTimeoutMs: number;
  /** Give the new volumes up and leave everything as it was. */
  readonly abandon?: boolean;
  readonly say: (line: string) => void;
}

/** Resolves with the final progress, good or bad. Rejects as `runSwap` does. */
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
  { target, stopTimeoutMs, abandon = false }: CarryOutInPlace,
): Promise<Progress> {
  const record = recordOf(held);
  if (abandon && record.abandoned !== true) await write(held, { ...record, abandoned: true });
  if (recordOf(held).abandoned !== true) {
    const failed = await stage(environment, held, target);
    if (failed) return failed;
  }
  return await runSwap(environment, { held, target, stopTimeoutMs });
}

/** Resolves with the progress of a staging that has failed; undefined: the record names every new volume. */
async function stage(
  environment: Environment,
  held: Held<RestoreSession>,
  target: Target,
): Promise<Progress | undefined> {
  const timeoutMs = timeLimitMs(held.session().spec.timeOut);
  if (recordOf(held).claims.every(({ incoming }) => incoming !== undefined)) {
    if (held.session().status?.phase !== 'Running')
      await held.writeStatus(startedSwap(environment.clock.now(), timeoutMs, recordOf(held)));
    return undefined;
  }
  const templates = expandTemplates(held.session());
  // Each staged claim names its node, so that none waits for a first pod.
  const plan = { templates, waitForConsumer: new Set<string>(), target };
  const progress = await runSession(environment, stagingKind, { held, plan, context: {}, timeoutMs });
  const { cluster } = environment;
  const record = recordOf(held);
  if (isFinal(held.session())) {
    await removeStaged(environment, held);
    return progress;
  }
  const staged = await Promise.all(
    record.claims.map((claim) => persist(environment, () => findIncoming(cluster, claim, target.namespace))),
  );
  const claims = staged.map(({ claim }) => claim);
  const misplaced = staged.find(({ problem }) => problem !== undefined)?.problem;
  const given = misplaced && { abandoned: true, why: misplaced.message };
  await write(held, { ...record, claims, ...given });
  return undefined;
}

/** The new volume of a claim, and why the pods cannot use it where they run. */
async function findIncoming(
  cluster: Cluster,
  claim: InPlaceClaim,
  namespace: string,
): Promise<{ readonly claim: InPlaceClaim; readonly problem: Failure | undefined }> {
  const { name, staged = '', volume } = claim;
  const { spec } = await cluster.get(persistentVolumeClaims, staged, namespace);
  if (spec.volumeName === undefined) throw new StashError('server', `claim ${staged} is bound to no volume`);
  const [present, incoming] = await Promise.all([
    cluster.get(persistentVolumes, volume),
    cluster.get(persistentVolumes, spec.volumeName),
  ]);
  return {
    claim: { ...claim, incoming: spec.volumeName },
    problem: misplacedVolume(name, present, incoming),
  };
}

/** What was staged is of no use without the rest. */
async function removeStaged(environment: Environment, held: Held<RestoreSession>): Promise<void> {
  const { cluster } = environment;
  const { uid, namespace } = held.session().metadata;
  const { items } = await cluster.list(persistentVolumeClaims, { namespace });
  const names = recordOf(held).claims.map(({ staged }) => staged);
  const staged = items.filter(
    ({ metadata }) =>
      names.includes(metadata.name) && metadata.annotations?.[annotation.restoreSessionUid] === uid,
  );
  await Promise.all(
    staged.map(async ({ metadata }) => {
      try {
        await cluster.delete(persistentVolumeClaims, metadata, { uid: metadata.uid });
      } catch (error) {
        if (!isStashError(error, 'not-found', 'conflict')) throw error;
      }
    }),
  );
}

async function write(held: Held<RestoreSession>, record: InPlaceRecord): Promise<void> {
  await held.annotate({ [annotation.inPlace]: formatRecord(record) });
}

function recordOf(held: Held<RestoreSession>): InPlaceRecord {
  const record = readRecord(held.session());
  if (record) return record;
  throw new StashError(
    'invalid',
    `restoresession/${held.session().metadata.name} has no record of its claims that this version can read`,
  );
}

/**
 * Carries a restore in place out for a command. If it has to stop, the error says how to continue and how to go back.
 */
import type { Named, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { backCommand, goOnCommand, undoCommand } from '#src/domain/in-place/in-place-command.ts';
import { readRecord } from '#src/domain/in-place/record.ts';
import { formatHolder } from '#src/domain/session/holder.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { find } from '#src/cluster/find.ts';
import { restoreSessions } from '#src/api/resources.ts';
import { persist } from '#src/session/persist.ts';
import { carryOutInPlace, type CarryOutInPlace } from '#src/session/in-place/carry-out-in-place.ts';
import { createRestore } from '#src/session/plan/begin-restore.ts';

import type { FollowEnvironment } from './follow.ts';

/** Creates the session with this executor as its holder. Rejects with 'already-exists' if its name is taken. */
export function beginSwap(
  environment: FollowEnvironment,
  session: Named<RestoreSession>,
  id: string,
): Promise<Stored<RestoreSession>> {
  const holder = { [annotation.executor]: formatHolder({ id, counter: 0 }) };
  const annotations = { ...session.metadata.annotations, ...holder };
  return createRestore(environment, { ...session, metadata: { ...session.metadata, annotations } });
}

/** Does the same as `carryOutInPlace`, with hints in every error how to continue and how to go back. */
export async function takeSwap(environment: FollowEnvironment, task: CarryOutInPlace): Promise<Progress> {
  const { session, say } = task;
  try {
    const progress = await carryOutInPlace(environment, task);
    if (progress.statusPhase === 'Succeeded') say(howToGoBack(await present(environment, session)));
    return progress;
  } catch (error) {
    if (!isStashError(error)) throw error;
    const { name, namespace = '' } = session.metadata;
    const message =
      error.kind === 'workload-down'
        ? `stopped while the workload is down: ${error.message}`
        : `restoresession/${name} is not done: ${error.message}`;
    const back = undoCommand(readRecord(session)?.volumesOf ?? name, namespace);
    const hint = [
      ...(error.hint === undefined ? [] : [error.hint]),
      'to go on:',
      goOnCommand(session),
      'to go back:',
      back,
    ].join('\n');
    throw new StashError(error.kind, message, { hint, cause: error });
  }
}

/** Reads the session again, because the name of the snapshot of the data from before may have changed. */
async function present(
  environment: FollowEnvironment,
  session: Stored<RestoreSession>,
): Promise<Stored<RestoreSession>> {
  if (readRecord(session)?.method !== 'recreate') return session;
  const { metadata } = session;
  return (await persist(environment, () => find(environment.cluster, restoreSessions, metadata))) ?? session;
}

function howToGoBack(session: Stored<RestoreSession>): string {
  const { name, namespace = '' } = session.metadata;
  const record = readRecord(session);
  if (record?.method === 'recreate')
    return `the data from before is in backupsession/${record.before ?? ''}; to go back to it: ${backCommand(session)}`;
  const of = record?.volumesOf ?? name;
  return `the volumes that the claims had before are kept; to go back to them: ${undoCommand(of, namespace)}`;
}

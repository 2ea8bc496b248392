/** Builds the commands that go on with a restore in place, or back. */
import type { Named } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { readFlags } from '#src/domain/restore/restore-flags.ts';
import { formatTarget, readTarget } from '#src/domain/workload/target.ts';

import { readRecord } from './record.ts';

/** The command that goes back to the volumes that the session kept. */
export function undoCommand(session: string, namespace: string): string {
  return commandLine`kubectl stash undo ${session} -n ${namespace}`;
}

/** The command that gives the volumes that the session kept back to their reclaim policies. */
export function forgetCommand(session: string, namespace: string): string {
  return commandLine`kubectl stash forget ${session} -n ${namespace}`;
}

/** The command that brings the session, which restores in place, to its end. */
export function goOnCommand(session: Named<RestoreSession>): string {
  const { name, namespace = '', annotations } = session.metadata;
  const record = readRecord(session);
  const target = readTarget(session);
  const from = annotations?.[annotation.restoredFrom];
  const isBack = record?.abandoned === true || (record !== undefined && record.volumesOf !== name);
  if (isBack || target === undefined || from === undefined) {
    return undoCommand(record?.volumesOf ?? name, namespace);
  }
  return commandLine`kubectl stash restore ${formatTarget(target)} --in-place -n ${namespace} --from ${from} ${readFlags(session)}`;
}

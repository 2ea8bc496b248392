/** Builds the commands that continue or undo a restore in place. */
import type { Named } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { commandLine, flag } from '#src/domain/command-line.ts';
import { readFlags } from '#src/domain/restore/restore-flags.ts';
import { formatTarget, readTarget } from '#src/domain/workload/target.ts';

import { readRecord } from './record.ts';

/** Returns the command that goes back to the volumes that the session kept. */
export function undoCommand(session: string, namespace: string): string {
  return commandLine`kubectl stash undo ${session} -n ${namespace}`;
}

/** Returns the command that restores the snapshot of the data from before. For `recreate`, which keeps no volumes. */
export function backCommand(session: Named<RestoreSession>): string {
  const { name, namespace = '' } = session.metadata;
  const target = readTarget(session);
  const of = target === undefined ? 'TYPE/NAME' : formatTarget(target);
  const before = readRecord(session)?.before ?? name;
  const only = readFlags(session).filter((each) => each.flag === '--only');
  return commandLine`kubectl stash restore ${of} --in-place -n ${namespace} ${flag('--method', 'recreate')} --from ${before} ${only}`;
}

/** Returns the command that gives the kept volumes of the session back to their reclaim policies. */
export function forgetCommand(session: string, namespace: string): string {
  return commandLine`kubectl stash forget ${session} -n ${namespace}`;
}

/** Returns the command that brings the session, a restore in place, to its end. */
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

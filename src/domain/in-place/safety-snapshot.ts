/** Names and judges the snapshot of the present data that a restore in place takes before it deletes a claim. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { isFinal, tellsFailure } from '#src/domain/session/session-status.ts';
import { shorten } from '#src/domain/workload/names.ts';

import type { InPlaceRecord } from './record.ts';

/** Leaves room for the suffix of `beforeAgain`. */
const nameLimit = 247;

/** Returns the name of the BackupSession of a RestoreSession. */
export function beforeName(restoreSession: string): string {
  return shorten(`before-${restoreSession}`, nameLimit);
}

/** Returns the name of another BackupSession, because the pods may have written after `before` was taken. */
export function beforeAgain(restoreSession: string, before: string): string {
  const first = beforeName(restoreSession);
  const count = Number(before.slice(first.length + 1)) || 1;
  return `${first}-${count + 1}`;
}

export interface SafetyScene {
  readonly record: InPlaceRecord;
  /** The BackupSession that the record names. Undefined if it does not exist. */
  readonly backup: Stored<BackupSession> | undefined;
  /** All snapshots of the namespace, by name. */
  readonly snapshots: ReadonlyMap<string, Stored<VolumeSnapshot>>;
}

/** `open`: the executor has to take the snapshot, or bring its session to its end. */
export type Safety = 'not-wanted' | 'open' | 'ready' | { readonly failed: string };

export function safetyOf({ record, backup, snapshots }: SafetyScene): Safety {
  const { before } = record;
  if (before === undefined) return 'not-wanted';
  if (backup !== undefined && !isFinal(backup)) return 'open';
  if (backup !== undefined && backup.status?.phase !== 'Succeeded') {
    const why =
      conditionWords(backup.status?.conditions?.find(tellsFailure)) ?? `it is ${backup.status?.phase ?? ''}`;
    return { failed: `the snapshot before the restore, backupsession/${before}, was not taken: ${why}` };
  }
  const lacking = record.claims.filter(
    ({ name }) => ![...snapshots.values()].some((snapshot) => isReadyOf(snapshot, before, name)),
  );
  if (lacking.length === 0) return 'ready';
  if (backup === undefined) return 'open';
  const names = lacking.map(({ name }) => name).join(', ');
  return { failed: `backupsession/${before} has no snapshot of claim ${names} that is ready` };
}

function isReadyOf(
  { metadata, spec, status }: Stored<VolumeSnapshot>,
  session: string,
  claim: string,
): boolean {
  const { annotations = {}, deletionTimestamp } = metadata;
  return (
    annotations[annotation.sessionName] === session &&
    annotations[annotation.sessionFailed] === undefined &&
    spec.source.persistentVolumeClaimName === claim &&
    status?.readyToUse === true &&
    deletionTimestamp === undefined
  );
}

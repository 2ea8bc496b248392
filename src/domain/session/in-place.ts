/** Distinguishes the RestoreSessions that restore in place from all other sessions. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { isJsonObject, readJson } from '#src/domain/json.ts';

/** Whether the session is a restore in place, even if its record cannot be read. */
export function isInPlace({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'RestoreSession' && metadata.annotations?.[annotation.inPlace] !== undefined;
}

/**
 * Returns the BackupSession of the present data that a restore in place may have to go back to. Undefined if it names
 * none.
 */
export function takenBefore({ metadata }: KubernetesObject): string | undefined {
  const record = readJson(metadata.annotations?.[annotation.inPlace]);
  const before = isJsonObject(record) ? record['before'] : undefined;
  return typeof before === 'string' && before !== '' ? before : undefined;
}

/** Tells the RestoreSessions that restore in place from all other sessions. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

/** Whether the session is a restore in place, even if its record cannot be read. */
export function isInPlace({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'RestoreSession' && metadata.annotations?.[annotation.inPlace] !== undefined;
}

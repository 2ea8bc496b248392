/**
 * The RestoreSessions of `browse`, `cp` and `diff`. Each session owns a temporary claim and a pod: who deletes the
 * session deletes all of them. Its command extends the deadline as long as it lives. After the deadline, an operator or
 * a later command deletes the session.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

/** How long the session stays after its command has shown a sign of life. */
export const lastsMs = 10 * 60_000;
export const extendEveryMs = 2 * 60_000;

export function isFileSession({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'RestoreSession' && metadata.annotations?.[annotation.filesUntil] !== undefined;
}

/**
 * Returns undefined for other sessions, and if the annotation is not a time: this program does not delete these
 * sessions.
 */
export function deadlineOfFiles({ metadata }: KubernetesObject): Date | undefined {
  const at = new Date(metadata.annotations?.[annotation.filesUntil] ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** Whether the command of the session has died: a living command would have extended the deadline. */
export function isAbandoned(session: KubernetesObject, now: Date): boolean {
  const deadline = isFileSession(session) ? deadlineOfFiles(session) : undefined;
  return deadline !== undefined && session.metadata.deletionTimestamp === undefined && now >= deadline;
}

/** Returns the annotation with the deadline of a command that lives at `now`. */
export function extended(now: Date): Readonly<Record<string, string>> {
  return { [annotation.filesUntil]: new Date(now.getTime() + lastsMs).toISOString() };
}

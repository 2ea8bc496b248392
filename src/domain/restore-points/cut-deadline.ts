/**
 * Records on a snapshot until when the application was quiesced, and judges by that whether it was cut in time. The
 * snapshot outlives its session.
 */
import type { VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

/** Builds the annotations of a snapshot that must be cut before `last`, when the application resumes. */
export function cutBefore(last: Date): Record<string, string> {
  return { [annotation.cutBefore]: last.toISOString() };
}

/**
 * Says why a ready snapshot may not be consistent: it was cut, or may have been, after the application resumed.
 * Undefined if it was cut in time, or if the application was not quiesced.
 */
export function cutTooLate({ metadata, status }: VolumeSnapshot): string | undefined {
  const last = metadata.annotations?.[annotation.cutBefore];
  if (last === undefined) return undefined;
  const cut = status?.creationTime;
  if (cut === undefined) return `possibly cut after ${last}, when the application resumed`;
  // A malformed date compares as false, so that the snapshot counts as late.
  return new Date(cut) <= new Date(last)
    ? undefined
    : `cut at ${cut}, after ${last}, when the application resumed`;
}

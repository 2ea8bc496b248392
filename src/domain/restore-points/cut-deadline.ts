/** Whether a snapshot was cut while the application was quiet, as the snapshot itself can tell for as long as it lives. */
import type { VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

/** As annotations of a snapshot. */
export function cutBefore(last: Date): Record<string, string> {
  return { [annotation.cutBefore]: last.toISOString() };
}

/** Of one that is ready: in which words it is no copy of a quiet application; undefined: it is one, or need not be. */
export function cutTooLate({ metadata, status }: VolumeSnapshot): string | undefined {
  const last = metadata.annotations?.[annotation.cutBefore];
  if (last === undefined) return undefined;
  const cut = status?.creationTime;
  if (cut === undefined)
    return `nobody knows whether it was cut before ${last}, when the application went on`;
  // What cannot be read proves nothing.
  return new Date(cut) <= new Date(last)
    ? undefined
    : `cut at ${cut}, after ${last}, when the application went on`;
}

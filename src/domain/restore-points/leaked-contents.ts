/** Finds contents that have lost their snapshot, while contents come one by one, in any order. */
import type { Stored, VolumeSnapshotContent } from '#src/api/kubernetes.ts';

type Content = Stored<VolumeSnapshotContent>;

export interface LeakedContents {
  readonly add: (content: Content) => void;
  /** With deletionPolicy Retain, and without those whose data a content names that has its snapshot. */
  readonly end: () => Content[];
}

/** A content that was created this short a time ago may be of a snapshot that was listed before. */
const youngMs = 5 * 60_000;

/** `snapshots`: the UIDs of all snapshots. */
export function leakedContents(snapshots: ReadonlySet<string>, now: Date): LeakedContents {
  const inUse = new Set<string>();
  const lost: Content[] = [];
  return {
    add(content) {
      const { metadata, spec } = content;
      const { uid } = spec.volumeSnapshotRef;
      if (uid === undefined || snapshots.has(uid)) {
        const data = dataOf(content);
        if (data !== undefined) inUse.add(data);
        return;
      }
      const ageMs = now.getTime() - Date.parse(metadata.creationTimestamp);
      if (spec.deletionPolicy === 'Retain' && ageMs > youngMs) lost.push(content);
    },
    end: () =>
      lost.filter((content) => {
        const data = dataOf(content);
        return data === undefined || !inUse.has(data);
      }),
  };
}

/** Which data it names, if any yet: a snapshot that was brought back has another content with the same data. */
function dataOf({ spec, status }: Content): string | undefined {
  const handle = status?.snapshotHandle ?? spec.source.snapshotHandle;
  return handle === undefined ? undefined : `${spec.driver} ${handle}`;
}

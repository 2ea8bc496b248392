/**
 * Finds VolumeSnapshotContents that have lost their VolumeSnapshot. The caller adds contents one by one, in any order.
 */
import type { Stored, VolumeSnapshotContent } from '#src/api/kubernetes.ts';

type Content = Stored<VolumeSnapshotContent>;

export interface LeakedContents {
  readonly add: (content: Content) => void;
  /**
   * Returns the lost contents with deletionPolicy Retain. Leaves out contents whose data another content with a
   * snapshot names.
   */
  readonly end: () => Content[];
}

/** A content this young may belong to a snapshot that was created after the snapshots were listed. */
const youngMs = 5 * 60_000;

/** `snapshots` are the UIDs of all snapshots. */
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

/**
 * Identifies the data that the content names, if it names any yet. A snapshot that a user imported again has another
 * content with the same data.
 */
function dataOf({ spec, status }: Content): string | undefined {
  const handle = status?.snapshotHandle ?? spec.source.snapshotHandle;
  return handle === undefined ? undefined : `${spec.driver} ${handle}`;
}

/** A copy of a database as snapshots: the commands that create it, and when its volumes were cut. */
import { volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';
import type { Place } from '#test/e2e/place.ts';
import type { TestServer } from '#test/e2e/server.ts';

export interface Way {
  readonly name: string;
  /**
   * Arguments of the `snapshot` commands, run one after the other; the first word is the target to restore.
   */
  readonly commands: readonly (readonly [string, ...string[]])[];
  /** Runs after each command. */
  readonly then?: () => Promise<unknown>;
  readonly times: number;
}

export interface Cut {
  readonly sessions: readonly { readonly target: string; readonly session: string }[];
  readonly snapshots: readonly string[];
  /** The time of each claim's cut, in nanoseconds since 1970. */
  readonly times: ReadonlyMap<string, number>;
}

export async function cut({ cluster }: TestServer, place: Place, { commands, then }: Way): Promise<Cut> {
  const sessions: { target: string; session: string }[] = [];
  for (const words of commands) {
    const { stdout } = await place.succeeds(['snapshot', ...words, '--executor=local', '-o', 'name']);
    sessions.push({ target: words[0], session: stdout.trim().replace(/^.*\//, '') });
    await then?.();
  }
  const names = sessions.map(({ session }) => session);
  const snapshots = (await place.list(volumeSnapshots)).filter(({ metadata }) =>
    names.includes(metadata.annotations?.['stash.appscode.com/session-name'] ?? ''),
  );
  const { items: contents } = await cluster.list(volumeSnapshotContents, {});
  const times = snapshots.map(({ metadata, spec, status }) => {
    const content = contents.find((it) => it.metadata.name === status?.boundVolumeSnapshotContentName);
    const time = content?.status?.creationTime;
    if (time === undefined) throw new Error(`${metadata.name} does not say when it was cut`);
    return [spec.source.persistentVolumeClaimName ?? '', time] as const;
  });
  return {
    sessions,
    snapshots: snapshots.map(({ metadata }) => metadata.name),
    times: new Map(times),
  };
}

/** Returns how much later than the first claim the second was cut, in milliseconds. */
export function gap({ times }: Cut, first: string, second: string): number {
  const [earlier, later] = [times.get(first), times.get(second)];
  if (earlier === undefined || later === undefined) throw new Error(`not both of ${first} and ${second}`);
  return Math.round((later - earlier) / 1e6);
}

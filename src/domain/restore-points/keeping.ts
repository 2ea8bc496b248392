/**
 * Reads and writes the annotations of sessions and snapshots that say who made a restore point, and what protects it
 * from deletion.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { beginning } from '#src/domain/quoted.ts';

/** `schedule` is a run of a CronJob or its retry; `user` is anyone who asked for the restore point. */
export type Maker = { readonly by: 'schedule' } | { readonly by: 'user'; readonly name: string };

export interface Keeping {
  /** Undefined if not recorded. Retention then treats the restore point as made by a user. */
  readonly maker?: Maker;
  readonly pinned: boolean;
  /** Before this time, only a user may delete the restore point. */
  readonly until?: Date;
}

/** What the user asks a command for. Recorded on the session, and copied to each of its snapshots. */
export interface KeepWishes {
  readonly pinned?: boolean;
  readonly until?: Date | undefined;
}

/** Longer names of users are not recorded in full. */
const longestName = 253;

const copied = [annotation.madeBy, annotation.pinned, annotation.keepUntil];

export function keepingAnnotations(maker: Maker, wishes: KeepWishes = {}): Record<string, string> {
  const name = maker.by === 'schedule' ? 'schedule' : `user:${beginning(maker.name, longestName)}`;
  return { [annotation.madeBy]: name, ...marks(wishes) };
}

export function marks({ pinned = false, until }: KeepWishes): Record<string, string> {
  return {
    ...(pinned && { [annotation.pinned]: 'true' }),
    ...(until && { [annotation.keepUntil]: until.toISOString() }),
  };
}

/** Returns the annotations that a snapshot takes over from its session, and a retry from the failed session. */
export function copiedKeeping({ metadata: { annotations = {} } }: KubernetesObject): Record<string, string> {
  return Object.fromEntries(
    copied.flatMap((key) => {
      const value = annotations[key];
      return value === undefined ? [] : [[key, beginning(value, longestName)]];
    }),
  );
}

/** A `keep-until` that is no time protects the object for ever, because its meaning is unknown. */
export function readKeeping({ metadata: { annotations = {} } }: KubernetesObject): Keeping {
  const maker = readMaker(annotations[annotation.madeBy]);
  const given = annotations[annotation.keepUntil];
  const until = given === undefined ? undefined : new Date(given);
  const unreadable = until !== undefined && Number.isNaN(until.getTime());
  return {
    ...(maker && { maker }),
    pinned: annotations[annotation.pinned] === 'true' || unreadable,
    ...(until && !unreadable && { until }),
  };
}

/** Says in a few words why only a user may delete the restore point now. Undefined if nothing protects it. */
export function whyKept({ pinned, until }: Keeping, now: Date): string | undefined {
  if (pinned) return 'pinned';
  return until !== undefined && now < until ? `kept until ${until.toISOString()}` : undefined;
}

/**
 * Combines the annotations of all snapshots of a restore point. A protected snapshot protects the point. The schedule
 * made the point only if it made all snapshots.
 */
export function joinKeeping(all: readonly Keeping[]): Keeping {
  const maker = (all.find((one) => one.maker?.by !== 'schedule') ?? all[0])?.maker;
  const times = all.flatMap(({ until }) => until?.getTime() ?? []);
  return {
    ...(maker && { maker }),
    pinned: all.some(({ pinned }) => pinned),
    ...(times.length > 0 && { until: new Date(Math.max(...times)) }),
  };
}

function readMaker(text: string | undefined): Maker | undefined {
  if (text === 'schedule') return { by: 'schedule' };
  return text?.startsWith('user:') ? { by: 'user', name: text.slice('user:'.length) } : undefined;
}

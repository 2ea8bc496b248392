/** Who made a restore point, and what keeps it from being deleted: annotations of its session and its snapshots. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { beginning } from '#src/domain/quoted.ts';

/** `schedule` is a CronJob's run and its retries; `user` is anyone who asked for this one. */
export type Maker = { readonly by: 'schedule' } | { readonly by: 'user'; readonly name: string };

export interface Keeping {
  /** Undefined if it is not recorded; such a restore point is kept like one that a user made. */
  readonly maker?: Maker;
  readonly pinned: boolean;
  /** Before this time, only a user deletes it. */
  readonly until?: Date;
}

/** What a command asks for; recorded on the session, and copied to each of its snapshots. */
export interface KeepWishes {
  readonly pinned?: boolean;
  readonly until?: Date | undefined;
}

/** The longest name of a user that is recorded. */
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

/** The annotations that a snapshot takes over from its session, and a retry from the session that failed. */
export function copiedKeeping({ metadata: { annotations = {} } }: KubernetesObject): Record<string, string> {
  return Object.fromEntries(
    copied.flatMap((key) => {
      const value = annotations[key];
      return value === undefined ? [] : [[key, beginning(value, longestName)]];
    }),
  );
}

/** A `keep-until` that is no time keeps the object for ever: nobody knows what was meant. */
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

/** Why only a user may delete it now, in a few words; undefined if nothing keeps it. */
export function whyKept({ pinned, until }: Keeping, now: Date): string | undefined {
  if (pinned) return 'pinned';
  return until !== undefined && now < until ? `kept until ${until.toISOString()}` : undefined;
}

/**
 * What several snapshots of one restore point say together: one of them that is kept keeps the point, and the schedule
 * made it only if it made all of them.
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

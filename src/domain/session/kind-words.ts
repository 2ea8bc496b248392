/** The words for one kind of session in messages, and its resources in the API. */
import type { Resource } from '#src/api/resources.ts';

export interface KindWords {
  /** The name in messages, logs and metrics: `backup`. */
  readonly name: string;
  /** The prefix of condition types and reasons: `Backup`. */
  readonly prefix: 'Backup' | 'Restore';
  readonly resource: Resource;
  /** The objects that a session creates, one for each claim. */
  readonly makes: Resource;
  /** What a successful session did to its workload: `snapshotted`. */
  readonly done: string;
  /** Whether the session needs no workload. A message that names a workload must then say whether it exists. */
  readonly withoutWorkload: boolean;
  /** The word for the state of a claim that is done: `Ready`. */
  readonly ready: string;
  /**
   * What to `kubectl describe` for a claim that failed: `['volumesnapshot', 'data-1']`. Undefined if the object does
   * not exist.
   */
  readonly describes: (row: {
    readonly claim: string;
    readonly snapshot?: string | undefined;
    readonly startedAt?: Date | undefined;
  }) => readonly string[] | undefined;
  /** The command that shows what a deleted session has left. `target` is for example `deployment/foo`. */
  readonly shows: (target: string) => readonly string[];
}

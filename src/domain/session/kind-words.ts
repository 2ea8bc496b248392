/** What people read about one kind of session, and where it lives in the API. */
import type { Resource } from '#src/api/resources.ts';

export interface KindWords {
  /** In messages, logs and metrics: `backup`. */
  readonly name: string;
  /** Of condition types and reasons: `Backup`. */
  readonly prefix: 'Backup' | 'Restore';
  readonly resource: Resource;
  /** What a session creates, one for each claim. */
  readonly makes: Resource;
  /** What a session that succeeded did to its workload: `snapshotted`. */
  readonly done: string;
  /** The state of a claim whose object is as it should be: `Ready`. */
  readonly ready: string;
  /** The object that tells most about a claim, for `kubectl describe`: `['volumesnapshot', 'data-1790000000']`. */
  readonly describes: (row: {
    readonly claim: string;
    readonly snapshot?: string | undefined;
  }) => readonly string[];
  /** The command that shows what is left where the session is deleted; `target`: `deployment/foo`. */
  readonly shows: (target: string) => readonly string[];
}

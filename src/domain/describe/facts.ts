/** What `describe` knows of a workload, a claim or a session. A part that the user may not read says which right it needs. */
import type {
  Event,
  Job,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
} from '#src/api/kubernetes.ts';
import type { AnySession, BackupConfiguration, RestoreSession } from '#src/api/stash.ts';
import type { Read } from '#src/domain/checks/check.ts';
import type { ScheduleOutlook } from '#src/domain/configuration/schedule-outlook.ts';
import type { HookNames, HookState } from '#src/domain/hooks/hook-step.ts';
import type { ListedVolume } from '#src/domain/in-place/kept-volumes.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import type { RetentionPlan } from '#src/domain/retention/retention.ts';
import type { KindWords } from '#src/domain/session/kind-words.ts';
import type { ClaimProgress, Verdict } from '#src/domain/session/progress.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface ClaimFacts {
  readonly name: string;
  /** Undefined if it does not exist. */
  readonly claim: Stored<PersistentVolumeClaim> | undefined;
  /** Undefined if it has none, or it does not exist. */
  readonly volume: Read<Stored<PersistentVolume> | undefined>;
}

export interface ConfigurationFacts {
  readonly configuration: Stored<BackupConfiguration>;
  /** Undefined if its snapshots are taken by hand. */
  readonly outlook: ScheduleOutlook | undefined;
  /** What its policy keeps and deletes after its next session; undefined if it is never due. */
  readonly nextRetention: Read<RetentionPlan> | undefined;
}

/** An error that the driver reports for a snapshot of the session. */
export interface DriverError {
  readonly claim: string;
  readonly words: string;
  readonly at: string | undefined;
}

export interface SessionFacts {
  readonly words: KindWords;
  readonly session: Stored<AnySession>;
  readonly target: Target | undefined;
  readonly claims: Read<readonly ClaimProgress[]>;
  /** Undefined: the session has not ended. */
  readonly verdict: Verdict | undefined;
  readonly driverErrors: readonly DriverError[];
  readonly hooks: HookState;
  readonly hookNames: HookNames;
  readonly jobName: string;
  /** Only a Job that was created for this session. */
  readonly job: Read<Stored<Job> | undefined>;
  readonly pods: Read<readonly Stored<Pod>[]>;
  /** How many volumes are kept under the session; only of a restore in place, and undefined if the user may not read them. */
  readonly keptVolumes: number | undefined;
}

export interface TargetFacts {
  readonly target: Target;
  readonly exists: Read<boolean>;
  /** The claims that it uses; if it does not exist, the claims of its newest restore point. */
  readonly claims: Read<readonly ClaimFacts[]>;
  /** Its restore points, newest first. */
  readonly points: Read<readonly RestorePoint[]>;
  /** Restore points of the workloads that use the claim. Empty unless the target is a claim. */
  readonly others: readonly RestorePoint[];
  readonly configurations: Read<readonly ConfigurationFacts[]>;
  readonly kept: Read<readonly ListedVolume[]>;
  readonly unfinishedSwaps: readonly Stored<RestoreSession>[];
  /** The unfinished one, else the newest; undefined if there is none. */
  readonly last: Read<SessionFacts | undefined>;
  readonly events: Read<readonly Stored<Event>[]>;
}

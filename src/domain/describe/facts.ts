/**
 * The facts that `describe` shows about a workload, a claim or a session. A part that the user may not read names the
 * missing right.
 */
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
  /** Undefined if the claim does not exist. */
  readonly claim: Stored<PersistentVolumeClaim> | undefined;
  /** Undefined if the claim has no volume, or the volume does not exist. */
  readonly volume: Read<Stored<PersistentVolume> | undefined>;
}

export interface ConfigurationFacts {
  readonly configuration: Stored<BackupConfiguration>;
  /** Undefined if its snapshots are taken on demand. */
  readonly outlook: ScheduleOutlook | undefined;
  /** What the retention policy keeps and deletes after the next session. Undefined if no session is ever due. */
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
  /** Undefined if the session has not ended. */
  readonly verdict: Verdict | undefined;
  readonly driverErrors: readonly DriverError[];
  readonly hooks: HookState;
  readonly hookNames: HookNames;
  readonly jobName: string;
  /** The Job that the operator created for this session. */
  readonly job: Read<Stored<Job> | undefined>;
  readonly pods: Read<readonly Stored<Pod>[]>;
  /**
   * How many volumes the session has kept. Undefined unless it restores in place, or if the user may not read volumes.
   */
  readonly keptVolumes: number | undefined;
}

export interface TargetFacts {
  readonly target: Target;
  readonly exists: Read<boolean>;
  /** The claims that the target uses; if it does not exist, the claims of its newest restore point. */
  readonly claims: Read<readonly ClaimFacts[]>;
  /** The restore points of the target, newest first. */
  readonly points: Read<readonly RestorePoint[]>;
  /** If the target is a claim: the restore points of workloads that use the claim. */
  readonly others: readonly RestorePoint[];
  readonly configurations: Read<readonly ConfigurationFacts[]>;
  readonly kept: Read<readonly ListedVolume[]>;
  readonly unfinishedSwaps: readonly Stored<RestoreSession>[];
  /** The unfinished session, else the newest. Undefined if there is no session. */
  readonly last: Read<SessionFacts | undefined>;
  readonly events: Read<readonly Stored<Event>[]>;
}

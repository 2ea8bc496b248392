/** The next step of an executor, as the decision functions return it. */
import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { HookPoint } from '#src/domain/hooks/hook-step.ts';

/**
 * Makes the wanted status from the present one at the time of the write, because other clients write the status, too.
 */
export type StatusChange<Status> = (present: Status | undefined) => Status;

export interface HookToRun<Status> {
  readonly do: 'hook';
  readonly which: HookPoint;
  /**
   * Written before the hook runs: claims that were too late stay failed, even if their snapshots become ready
   * afterwards.
   */
  readonly losses?: StatusChange<Status> | undefined;
}

/** An object that a session creates. */
export interface Made<T extends KubernetesObject = KubernetesObject> {
  /** The claim of the session for which the executor makes the object. */
  readonly claim: string;
  readonly resource: Resource<T>;
  readonly object: Named<T>;
  /** Create this object first. */
  readonly after?: Made | undefined;
}

export type Step<Status> =
  /** Write that the session is running, and its deadline. */
  | { readonly do: 'start'; readonly status: StatusChange<Status> }
  /** Create the objects. Decide again about objects that are not created by `until`. */
  | { readonly do: 'create'; readonly made: readonly Made[]; readonly until?: Date | undefined }
  | HookToRun<Status>
  /** Wait until something changes, or until this time. */
  | { readonly do: 'wait'; readonly until: Date }
  | { readonly do: 'finish'; readonly status: StatusChange<Status> }
  | { readonly do: 'done' };

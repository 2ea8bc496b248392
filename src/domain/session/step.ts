/** What an executor has to do next, as the decision functions say it. */
import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { HookPoint } from '#src/domain/hooks/hook-step.ts';

/** From the status as it is when it is written, which others write to as well, to what it should be. */
export type StatusChange<Status> = (present: Status | undefined) => Status;

export interface HookToRun<Status> {
  readonly do: 'hook';
  readonly which: HookPoint;
  /** Written before it is run, so that nothing turns around afterwards what did not come in time. */
  readonly losses?: StatusChange<Status> | undefined;
}

/** An object that a session creates. */
export interface Made<T extends KubernetesObject = KubernetesObject> {
  /** The claim of the session for which it is made. */
  readonly claim: string;
  readonly resource: Resource<T>;
  readonly object: Named<T>;
  /** It is created once this one is. */
  readonly after?: Made | undefined;
}

export type Step<Status> =
  /** Say that it is carried out, and until when. */
  | { readonly do: 'start'; readonly status: StatusChange<Status> }
  /** What is not created by `until` is decided on again. */
  | { readonly do: 'create'; readonly made: readonly Made[]; readonly until?: Date | undefined }
  | HookToRun<Status>
  /** Nothing, until something changes or the time has come. */
  | { readonly do: 'wait'; readonly until: Date }
  | { readonly do: 'finish'; readonly status: StatusChange<Status> }
  | { readonly do: 'done' };

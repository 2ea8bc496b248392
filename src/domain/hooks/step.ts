/** What an executor has to do next, as the decision functions say it. */

/** From the status as it is when it is written, which others write to as well, to what it should be. */
export type StatusChange<Status> = (present: Status | undefined) => Status;

/**
 * `recover`: it is not known whether the pre hook came to its end, so that the post hook comes first and the pre hook
 * once more; `thaw`: the application must not stay quiesced any longer; `post`: as its policy says.
 */
export type HookPoint = 'pre' | 'recover' | 'thaw' | 'post';

export interface HookToRun<Status> {
  readonly do: 'hook';
  readonly which: HookPoint;
  /** Written before it is run, so that nothing turns around afterwards what did not come in time. */
  readonly losses?: StatusChange<Status> | undefined;
}

export type Step<Status, Item> =
  /** Say that it is carried out, and until when. */
  | { readonly do: 'start'; readonly status: StatusChange<Status> }
  /** What is not created by `until` is decided on again. */
  | { readonly do: 'create'; readonly items: readonly Item[]; readonly until?: Date | undefined }
  | HookToRun<Status>
  /** Nothing, until something changes or the time has come. */
  | { readonly do: 'wait'; readonly until: Date }
  | { readonly do: 'finish'; readonly status: StatusChange<Status> }
  | { readonly do: 'done' };

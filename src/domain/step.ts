/** What an executor has to do next, as the decision functions say it. */
export type Step<Status, Item> =
  /** Say that it is carried out, and until when. */
  | { readonly do: 'start'; readonly status: Status }
  | { readonly do: 'create'; readonly items: readonly Item[] }
  /** Nothing, until something changes or the time has come. */
  | { readonly do: 'wait'; readonly until: Date }
  | { readonly do: 'finish'; readonly status: Status }
  | { readonly do: 'done' };

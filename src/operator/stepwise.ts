/** The loop of a reconcile: observe, decide, apply, until nothing is left to do at once. */

/** What follows a step: `again` observes at once, `{ at }` at that time; undefined waits for a change. */
export type Then = 'again' | undefined | { readonly at: Date };

/** After this many steps in a row, other objects get their turn. */
const mostSteps = 12;
const pauseMs = 1_000;

/** Resolves as `Reconciler.reconcile` does. */
export async function stepwise<Seen, Action>(steps: {
  /** Returns undefined if the object does not exist. */
  readonly look: () => Seen | undefined;
  readonly decide: (seen: Seen) => Action;
  readonly apply: (seen: Seen, action: Action) => Promise<Then>;
  readonly now: () => Date;
}): Promise<number | undefined> {
  for (let taken = 0; taken < mostSteps; taken += 1) {
    const seen = steps.look();
    if (seen === undefined) return undefined;
    const then = await steps.apply(seen, steps.decide(seen));
    if (then === undefined) return undefined;
    if (then !== 'again') return Math.max(0, then.at.getTime() - steps.now().getTime());
  }
  return pauseMs;
}

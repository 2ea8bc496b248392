/** Observe, decide, apply, for as long as there is something to do at once. */

/** What comes after a step: look `again` at once, `later` when there is time, or as soon as something changes. */
export type Then = 'again' | undefined | { readonly at: Date };

/** So many steps are taken in a row: then others have their turn. */
const mostSteps = 12;
const pauseMs = 1_000;

/** Resolves as `Reconciler.reconcile` does. */
export async function stepwise<Seen, Action>(steps: {
  /** Undefined: it is gone. */
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

/** How long something that frames show stays as it is. */

/** Something that is at one place from one time to another, in seconds. `to`: undefined if it is there at the end. */
export interface Span<Thing> {
  readonly thing: Thing;
  readonly from: number;
  readonly to: number | undefined;
}

/**
 * Returns the spans of what `see` finds in each frame; undefined is nothing. A thing is the same as the one in the frame
 * before if both are the same as JSON.
 */
export function spansOf<Thing, Frame extends { readonly at: number }>(
  frames: readonly Frame[],
  see: (frame: Frame) => Thing | undefined,
): Span<Thing>[] {
  const spans: { thing: Thing; from: number; to: number | undefined }[] = [];
  let seen: string | undefined;
  for (const frame of frames) {
    const thing = see(frame);
    const now = thing === undefined ? undefined : JSON.stringify(thing);
    if (now === seen) continue;
    const last = spans.at(-1);
    if (seen !== undefined && last) last.to = frame.at;
    if (thing !== undefined) spans.push({ thing, from: frame.at, to: undefined });
    seen = now;
  }
  return spans;
}

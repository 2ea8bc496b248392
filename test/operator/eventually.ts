import { setTimeout } from 'node:timers/promises';

/** Resolves as soon as it holds; rejects after half a minute, in which everything happens that ever will. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what = 'it did not come to pass',
): Promise<void> {
  const late = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > late) throw new Error(what);
    await setTimeout(5);
  }
}

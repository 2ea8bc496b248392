import { setTimeout } from 'node:timers/promises';

/** Resolves as soon as the condition is true; rejects after half a minute. */
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

/** Keeps a process alive that works with synchronous calls: signals, timers and sockets get their turn. */
import { setImmediate } from 'node:timers/promises';

const longestMs = 20;

/** Returns a function that lets other work of the process run if none has run for 20 ms. */
export function breather(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < longestMs) return undefined;
    return setImmediate().then(() => {
      since = performance.now();
    });
  };
}

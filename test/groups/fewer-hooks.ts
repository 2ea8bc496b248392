/**
 * Preloaded by `npm test`. Node's test runner learns of the end of every promise, to forget which test it belonged to. That
 * takes a fifth of the processor time of all tests. Without it the runner remembers them until the process ends (300 MB).
 */
import hooks, { createHook } from 'node:async_hooks';

hooks.createHook = (callbacks) => {
  const kept = { ...callbacks };
  delete kept.destroy;
  return createHook(kept);
};

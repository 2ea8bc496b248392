import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from '#src/domain/clock.ts';

export const clock: Clock = {
  now: () => new Date(),
  async sleep(milliseconds, signal) {
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  },
};

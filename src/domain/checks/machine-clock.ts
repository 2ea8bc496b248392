/** Whether this machine and the API server agree about the time. */
import { clockSkew } from '#src/domain/clock-skew.ts';

import type { CheckOfCluster } from './check.ts';

export const machineClock: CheckOfCluster = {
  name: 'clock',
  of: 'cluster',
  about:
    "This machine's clock differs from the API server's by 30 s at the most, by the Date of its answers. Sessions go by the API server's time; tokens, certificates and other programs go by the machine's.",
  find({ clockAhead }) {
    if (clockAhead === undefined) return [];
    const message = clockSkew(clockAhead);
    if (message === undefined)
      return [{ level: 'ok', message: "this machine's clock agrees with the API server's" }];
    return [
      {
        level: 'warn',
        message,
        hint: "let NTP set the clocks of this machine and of the control plane; sessions go by the API server's time, tokens and certificates do not",
      },
    ];
  },
};

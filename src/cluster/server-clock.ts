/**
 * The API server's time, learned from the Date of its answers: objects carry the server's times, and a time of this
 * machine must not be compared with them.
 */
import type { Clock } from '#src/domain/clock.ts';
import { clockSkew } from '#src/domain/clock-skew.ts';

export interface ServerClock extends Clock {
  readonly ahead: () => number;
  /** To be called when a request is sent; the result, with the Date header of the answer, when that arrives. */
  readonly onSend: () => (date: string | undefined) => void;
}

/** The Date header has whole seconds, rounded down. */
const dateResolutionMs = 1_000;

/**
 * Returns a clock whose `now` is the machine's until the first answer, and the server's after it; its timers are the
 * machine's. An answer whose Date the present time explains changes nothing. `onSkew` gets one sentence, once, if the
 * clocks differ by more than 30 s.
 */
export function serverClock(machine: Clock, onSkew: (words: string) => void): ServerClock {
  let ahead = 0;
  let isTold = false;
  const machineNow = () => machine.now().getTime();

  return {
    ...machine,
    now: () => new Date(machineNow() + ahead),
    ahead: () => ahead,
    onSend: () => {
      const sent = machineNow();
      return (date = '') => {
        const answered = Date.parse(date);
        const least = answered - machineNow();
        const most = answered + dateResolutionMs - sent;
        // No Date, or someone set the machine's clock back meanwhile.
        if (!(least <= most)) return;
        ahead = Math.min(Math.max(ahead, least), most);
        const skew = isTold ? undefined : clockSkew(ahead);
        if (skew === undefined) return;
        isTold = true;
        onSkew(`${skew}: using the API server's time`);
      };
    },
  };
}

/** Injects faults into requests and counts them, for tests and measurements. */
import { ApiError } from '../status.ts';

export type Effect =
  | {
      readonly kind: 'fail';
      readonly code: number;
      readonly reason: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** Reset the connection before the request does anything. */
  | { readonly kind: 'cut' }
  /** Carry the request out, but drop its answer. */
  | { readonly kind: 'cut-after' }
  /** Do nothing and never answer. */
  | { readonly kind: 'silence' };

export interface RequestMatch {
  /** `get list watch create update patch delete deletecollection`; left out: any. */
  readonly verb?: string;
  /** `pods`, `pods/status`; left out: any. */
  readonly plural?: string;
}

export interface Fault extends RequestMatch {
  /** Which of the matching requests from now on is the first to fail. Default 1. */
  readonly nth?: number;
  /** How many matching requests fail in a row. Default 1. */
  readonly times?: number;
  readonly effect: Effect;
}

export interface Faults {
  inject(fault: Fault): void;
  /** Removes the faults that have not happened yet. */
  clear(): void;
}

export interface RequestCounter {
  count(match?: RequestMatch): number;
  reset(): void;
}

/** The server's view of the faults: it asks what should happen to each request. */
export interface Interference extends Faults {
  readonly requests: RequestCounter;
  effectOn(verb: string, plural: string): Effect | undefined;
}

/** Returns an Interference without faults. */
export function createInterference(): Interference {
  let faults: { readonly fault: Fault; seen: number }[] = [];
  const counts = new Map<string, { readonly request: Required<RequestMatch>; readonly count: number }>();
  return {
    inject(fault) {
      faults.push({ fault, seen: 0 });
    },
    clear() {
      faults = [];
    },
    requests: {
      count: (match = {}) =>
        [...counts.values()]
          .filter(({ request }) => matches(match, request))
          .reduce((sum, { count }) => sum + count, 0),
      reset() {
        counts.clear();
      },
    },
    effectOn(verb, plural) {
      const request = { verb, plural };
      const key = `${verb} ${plural}`;
      counts.set(key, { request, count: (counts.get(key)?.count ?? 0) + 1 });
      let effect: Effect | undefined;
      for (const entry of faults) {
        const { fault } = entry;
        if (!matches(fault, request)) continue;
        entry.seen += 1;
        if (entry.seen >= (fault.nth ?? 1)) effect ??= fault.effect;
      }
      faults = faults.filter(({ fault, seen }) => seen < (fault.nth ?? 1) + (fault.times ?? 1) - 1);
      return effect;
    },
  };
}

function matches(match: RequestMatch, { verb, plural }: Required<RequestMatch>): boolean {
  return (match.verb ?? verb) === verb && (match.plural ?? plural) === plural;
}

export function failureOf(effect: Effect & { kind: 'fail' }): ApiError {
  const { code, reason, message = `injected ${reason}`, retryAfterSeconds } = effect;
  return new ApiError(
    code,
    reason,
    message,
    retryAfterSeconds === undefined ? undefined : { retryAfterSeconds },
  );
}

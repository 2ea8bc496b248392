/** The adapter without client-node: no credentials, plain HTTP, and short timeouts. */
import { setTimeout as sleep } from 'node:timers/promises';

import { createApiCluster } from '#src/cluster/api-cluster.ts';
import { createApi } from '#src/cluster/api.ts';
import type { Authenticator } from '#src/cluster/client-node.ts';
import { ClusterError } from '#src/cluster/errors.ts';
import { createWire } from '#src/cluster/http.ts';
import { defaultLimits, type Limits } from '#src/cluster/limits.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';

export interface FastClock extends Clock {
  /** The sleeps it was asked for, in milliseconds. */
  readonly slept: number[];
}

/** Returns a clock that sleeps one millisecond in place of any duration. */
export function fastClock(): FastClock {
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(),
    async sleep(milliseconds, signal) {
      if (milliseconds > 0) slept.push(milliseconds);
      await sleep(1, undefined, { signal }).catch(() => undefined);
    },
  };
}

export const quick: Limits = {
  ...defaultLimits,
  backoff: 10,
  maxBackoff: 80,
  silence: 5_000,
  watchSilence: 60_000,
  settled: 20,
  pageSize: 3,
  pageLength: 100_000,
};

export const anonymous: Authenticator = {
  credentials: () => Promise.resolve({ tls: {}, headers: {} }),
  renew: () => false,
  close: () => undefined,
};

export function adapter(
  server: string,
  options: {
    limits?: Partial<Limits>;
    clock?: Clock;
    authenticator?: Authenticator;
    requestTimeout?: number;
    interrupted?: AbortSignal;
  } = {},
): Cluster {
  return createApiCluster(
    createApi({
      wire: createWire({
        server,
        authenticator: options.authenticator ?? anonymous,
        userAgent: 'kubectl-stash/test',
      }),
      parties: { user: 'jane', server },
      clock: options.clock ?? fastClock(),
      limits: { ...quick, ...options.limits },
      requestTimeout: options.requestTimeout,
    }),
    options.interrupted,
  );
}

export interface Rejection {
  readonly kind: StashError['kind'];
  readonly message: string;
  readonly hint: string | undefined;
  readonly cause: unknown;
  readonly reason: string | undefined;
  readonly code: number | undefined;
  readonly retryAfterSeconds: number | undefined;
}

/** Resolves with the fields of the StashError that `promise` rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Rejection> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof StashError)) throw error;
    const answer = error instanceof ClusterError ? error : undefined;
    const { kind, message, hint, cause } = error;
    return {
      ...{ kind, message, hint, cause },
      ...{ reason: answer?.reason, code: answer?.code, retryAfterSeconds: answer?.retryAfterSeconds },
    };
  }
  throw new Error('it did not reject');
}

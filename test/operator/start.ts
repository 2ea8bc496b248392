/** An operator in this process, on any server, that can be stopped or killed. */
import { randomUUID } from 'node:crypto';

import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { createLog, type LogLevel } from '#src/operator/log.ts';
import { reconcilers } from '#src/operator/reconcilers.ts';
import { runOperator, type ReconcilerFactory, type RunOptions } from '#src/operator/run-operator.ts';
import { serve, type Served } from '#src/operator/serve.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { linesInto } from './lines.ts';
import { mortal } from './mortal.ts';

export interface StartOptions extends Partial<RunOptions> {
  /** URL of the API server; the real adapter connects to it. */
  readonly kubeconfig: string;
  /** Default: a clock twenty times as fast as the machine's. */
  readonly clock?: Clock;
  /** Default: all reconcilers of the operator. */
  readonly reconcilers?: readonly ReconcilerFactory[];
  /** Wraps the operator's connection, to inject faults or to record requests. */
  readonly through?: (cluster: Cluster) => Cluster;
  /** Default: `op-` and random characters. */
  readonly id?: string;
  readonly logLevel?: LogLevel;
}

export interface StartedOperator extends AsyncDisposable {
  readonly id: string;
  /** Base URL of `/healthz`, `/readyz` and `/metrics`. */
  readonly url: string;
  /** The lines of its log. */
  readonly log: string[];
  /** Resolves when it has ended; rejects with the error that ended it. */
  readonly ended: Promise<void>;
  /** As SIGTERM: resolves when it has ended. */
  stop(): Promise<void>;
  /** As SIGKILL: it sends no further request and gives nothing back. */
  kill(): void;
  /** As SIGSTOP and SIGCONT: in between it sends no requests, and its timers are late afterwards. */
  readonly freeze: () => void;
  readonly thaw: () => void;
}

export async function startOperator(options: StartOptions): Promise<StartedOperator> {
  const {
    kubeconfig,
    clock = scaledClock(20),
    reconcilers: factories = reconcilers,
    through = (cluster: Cluster) => cluster,
    id = `op-${randomUUID().slice(0, 8)}`,
    logLevel = 'debug',
    ...given
  } = options;
  const stopping = new AbortController();
  const life = mortal();
  const connection = await connect({ kubeconfig }, {}, { clock, version: 'test', signal: stopping.signal });
  const log: string[] = [];
  const listening = Promise.withResolvers<Served>();
  const ended = runOperator(
    {
      cluster: life.cluster(through(connection.cluster)),
      clock: life.clock(clock),
      signal: stopping.signal,
      log: createLog(linesInto(log), logLevel, clock),
      id,
      serve: async (...a) => {
        const served = await serve(...a);
        listening.resolve(served);
        return served;
      },
    },
    {
      runSessions: 'in-process',
      image: 'ghcr.io/kubectl-stash/kubectl-stash:test',
      namespace: 'default',
      claimsPerSession: 1_000,
      maxFreezeMs: 60_000,
      sessionsAtOnce: 50,
      listen: { host: '127.0.0.1', port: 0 },
      leaderElect: true,
      ...given,
    },
    factories,
  ).finally(() => {
    connection.cluster.close();
  });
  ended.catch(listening.reject);

  const { url, close } = await listening.promise;

  const stop = async () => {
    stopping.abort();
    await ended;
  };
  const kill = () => {
    life.end();
    void close();
    connection.cluster.close();
  };
  return {
    id,
    url,
    log,
    ended,
    stop,
    kill,
    freeze: life.freeze,
    thaw: life.thaw,
    async [Symbol.asyncDispose]() {
      life.thaw();
      // Tests get the error from `ended`.
      if (!life.isOver()) await stop().catch(() => undefined);
    },
  };
}

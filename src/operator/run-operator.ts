/** The operator from start to stop: takes part in leader election, and reconciles while it is the leader. */
import { operatorName } from '#src/api/operator.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { isStashError } from '#src/errors.ts';

import { runAsLeader, type Leading } from './run-as-leader.ts';
import { acquireLeadership, type Leadership } from './leader-election.ts';
import type { ListenAddress } from './listen-address.ts';
import { errorFields, type LeveledLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { awaitAppscode, checkCluster } from './check-cluster.ts';
import type { Reconciler } from './reconciler.ts';
import { eventRecorder } from './record-event.ts';
import type { Health, Served } from './serve.ts';
import type { OperatorOptions, World } from './world.ts';

export interface OperatorEnvironment {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Aborts when the process receives a signal to stop. */
  readonly signal: AbortSignal;
  readonly log: LeveledLog;
  /** Identity of this process; unique among the replicas. */
  readonly id: string;
  /** Opens the port for health and metrics: `serve.ts`. */
  readonly serve: (address: ListenAddress, health: Health) => Promise<Served>;
}

export interface RunOptions extends OperatorOptions {
  readonly listen: ListenAddress;
  /** False: the user makes sure that no other operator runs, and no Lease is used. */
  readonly leaderElect: boolean;
}

export type ReconcilerFactory = (world: World) => Reconciler;

/** A reconcile that runs longer hangs: `/healthz` then reports it, and the kubelet restarts the container. */
const stuckAfterMs = 10 * 60_000;
const eventsTimeoutMs = 3_000;
const checkRetryMs = 5_000;

/**
 * Resolves once the signal has aborted, the work has ended and the Lease is given back.
 * @throws StashError if it cannot start or continue: AppsCode's operator runs, the CRDs or rights are missing, the
 *   port is in use
 */
export async function runOperator(
  environment: OperatorEnvironment,
  options: RunOptions,
  factories: readonly ReconcilerFactory[],
): Promise<void> {
  const { cluster, clock, signal, log, id } = environment;
  /** Set while this process is the leader. */
  let leading: Leading | undefined;

  const stuck = () => {
    const since = leading?.busySince()?.getTime() ?? Infinity;
    const busy = clock.now().getTime() - since;
    return busy > stuckAfterMs ? `a reconcile has been running for ${formatDuration(busy)}` : undefined;
  };
  const metrics = createMetrics(() => leading?.scraped, options);
  const server = await environment.serve(options.listen, {
    healthy: stuck,
    ready: () => (leading === undefined || leading.isSynced() ? undefined : 'the caches are not synced yet'),
    metrics,
  });
  log.info('serving health and metrics', { address: server.address, id });

  const events = eventRecorder({ cluster, clock, log });
  const election = {
    ...{ cluster, clock, id, name: operatorName, namespace: options.namespace },
    onTrouble: (error: unknown) => {
      log.warn('a request for the Lease failed', errorFields(error));
    },
  };
  /** Waits for an API server that does not answer. */
  const awaitUsableCluster = async (): Promise<void> => {
    for (;;) {
      try {
        await checkCluster(cluster);
        return;
      } catch (error) {
        if (!isStashError(error, 'unreachable', 'server')) throw error;
        log.warn('the API server does not answer', errorFields(error));
        await clock.sleep(checkRetryMs, signal);
      }
    }
  };
  const begin = async (): Promise<Leadership | undefined> => {
    if (options.leaderElect) log.info('standing by', { namespace: options.namespace, lease: operatorName });
    return options.leaderElect ? await acquireLeadership(election, signal) : leadershipWithoutElection();
  };

  try {
    for (;;) {
      await awaitUsableCluster();
      const term = await begin();
      if (term === undefined) return;
      log.info('leading');
      const world = { cluster, clock, options, id, log, metrics, event: events.record };
      const over = new AbortController();
      const displaced = new AbortController();
      const lost = AbortSignal.any([term.lost, displaced.signal]);
      void awaitAppscode(environment, AbortSignal.any([signal, lost, over.signal])).then((reason) => {
        if (reason === undefined || over.signal.aborted) return;
        log.error("stopping: AppsCode's operator runs in this cluster", errorFields(reason));
        displaced.abort(reason);
      });
      try {
        await runAsLeader({ world, factories, signal, lost, log }, (begun) => (leading = begun));
      } finally {
        over.abort();
        leading = undefined;
        await term.release();
      }
      displaced.signal.throwIfAborted();
      if (!term.lost.aborted) return;
      log.warn('no longer leading', errorFields(term.lost.reason));
    }
  } catch (error) {
    if (!signal.aborted || !isStashError(error, 'interrupted')) throw error;
  } finally {
    await orUntil(clock, after(clock, eventsTimeoutMs), events.written());
    await server.close();
    log.info('stopped');
  }
}

/** A leadership that never ends, for an operator that runs without leader election. */
function leadershipWithoutElection(): Leadership {
  return { lost: new AbortController().signal, release: () => Promise.resolve() };
}

/** One term as the leader: fills the caches, runs a queue for each kind, and ends them. */
import { orUntil } from '#src/cluster/or-until.ts';
import { after } from '#src/domain/clock.ts';
import { isStashError } from '#src/errors.ts';

import { createCaches } from './caches.ts';
import { errorFields, type LeveledLog } from './log.ts';
import type { OperatorMetrics, Scraped } from './metrics.ts';
import type { Watched } from './follow-kind.ts';
import { createQueue, type Queue } from './queue.ts';
import type { Key, Reconciler } from './reconciler.ts';
import { createSuccessReader } from './success-reader.ts';
import type { World } from './world.ts';

export interface Leading {
  readonly scraped: Scraped;
  isSynced(): boolean;
  /** When the longest running reconcile started; undefined if none runs. */
  busySince(): Date | undefined;
}

export interface LeadOptions {
  readonly world: Omit<World, 'caches'> & { readonly metrics: OperatorMetrics };
  readonly factories: readonly ((world: World) => Reconciler)[];
  /** Aborts when the process receives a signal to stop. */
  readonly signal: AbortSignal;
  /** Aborts when this process is no longer the leader. */
  readonly lost: AbortSignal;
  readonly log: LeveledLog;
}

/** An API server that does not answer must not keep the process from ending. */
const shutdownTimeoutMs = 20_000;

/**
 * Resolves after one of the signals has aborted and the running reconciles have ended. `begun` is called once the
 * queues exist. Rejects with a permanent error of the API server.
 */
export async function runAsLeader(options: LeadOptions, begun: (leading: Leading) => void): Promise<void> {
  const { factories, log } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, options.lost, over.signal]);
  const { claimsPerSession, coverageMetrics } = options.world.options;
  const { caches, follow, synced, filled, isRefused } = createCaches({
    ...{ claimsPerSession, coverageMetrics, watched: watchedBy(options) },
  });
  const world: World = { ...options.world, caches };
  const reconcilers = factories.map((create) => create(world));
  const queues = new Map(
    reconcilers.map((reconciler) => [reconciler.name, queueOf(reconciler, options, isRefused, signal)]),
  );
  for (const reconciler of reconcilers)
    reconciler.triggers((key) => queues.get(reconciler.name)?.enqueue(key));

  let isSynced = false;
  begun({
    scraped: {
      caches,
      depths: new Map([...queues].map(([name, { depth }]) => [name, depth])),
      successes: createSuccessReader({
        ...{ cluster: world.cluster, clock: world.clock, log },
        sessions: () => caches.backupSessions.list(),
        ...(coverageMetrics === true && {
          hasClaim: (namespace, name) =>
            caches.targets.PersistentVolumeClaim.get(namespace, name) !== undefined,
        }),
        namespaces: options.world.options.watchNamespaces,
      }),
      now: () => world.clock.now(),
    },
    isSynced: () => isSynced,
    busySince: () => oldest([...queues.values()].map((queue) => queue.busySince())),
  });
  void synced.then(() => {
    if (signal.aborted) return;
    isSynced = true;
    log.info('the caches are filled: working');
  });
  for (const { name, reads } of reconcilers) {
    void filled(reads).then(() => {
      if (!signal.aborted) queues.get(name)?.start();
    });
  }
  try {
    await follow(world.cluster, signal);
  } catch (error) {
    // After the abort, the watches end with 'interrupted'.
    if (!signal.aborted || !isStashError(error, 'interrupted')) throw error;
  } finally {
    over.abort();
    const work = ended(reconcilers, [...queues.values()]);
    const until = after(world.clock, shutdownTimeoutMs);
    if (!(await orUntil(world.clock, until, work))) log.warn('some reconciles did not end in time');
  }
}

/** How long after a refusal a watched namespace is tried again. */
const refusedForMs = 60_000;

function watchedBy({ world, log }: LeadOptions): Watched | undefined {
  const { watchNamespaces: namespaces } = world.options;
  return (
    namespaces && {
      namespaces,
      afterRefusal: async (namespace, error, signal) => {
        log.warn('a watched namespace is refused', { namespace, ...errorFields(error) });
        await world.clock.sleep(refusedForMs, signal);
      },
    }
  );
}

function queueOf(
  reconciler: Reconciler,
  { world, log }: LeadOptions,
  isRefused: (namespace: string) => boolean,
  signal: AbortSignal,
): Queue {
  const { name } = reconciler;
  return createQueue({
    clock: world.clock,
    signal,
    async reconcile(key, stopped) {
      // Decided from what is known of this namespace, a session without its Job would be failed.
      return isRefused(key.namespace) ? refusedForMs : await reconciler.reconcile(key, stopped);
    },
    onError: (key: Key, error, retryInMs) => {
      // A conflict is no failure: another client wrote first, and the queue retries.
      if (isStashError(error, 'conflict')) return;
      world.metrics.reconcileFailed(name);
      log.error('could not reconcile', { queue: name, ...key, retryInMs, ...errorFields(error) });
    },
  });
}

async function ended(reconcilers: readonly Reconciler[], queues: readonly Queue[]): Promise<void> {
  await Promise.all(queues.map((queue) => queue.ended()));
  await Promise.all(reconcilers.map(async (reconciler) => reconciler.stopped?.()));
}

function oldest(dates: readonly (Date | undefined)[]): Date | undefined {
  return dates.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
}

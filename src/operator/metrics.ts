/** The operator's metrics, listed in docs/metrics.md. Gauges are computed from the caches at each scrape. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { lastSuccesses } from '#src/domain/restore-points/last-successes.ts';

import type { Caches, Metrics } from './world.ts';

/** What the gauges are computed from while this process is the leader. */
export interface Scraped {
  readonly caches: Caches;
  /** Number of queued objects, by the name of their reconciler. */
  readonly depths: ReadonlyMap<string, () => number>;
}

export interface OperatorMetrics extends Metrics {
  reconcileFailed(queue: string): void;
  /** Resolves with all metrics in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const durationBuckets = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600];

/** `scraped` is called at each scrape and returns undefined while this process is not the leader. */
export function createMetrics(scraped: () => Scraped | undefined): OperatorMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  new Gauge({
    name: 'stash_leader',
    help: '1 if this process is the leader, else 0.',
    registers,
    collect() {
      this.set(scraped() === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: 'stash_sessions',
    help: 'Number of existing sessions, by phase.',
    labelNames: ['kind', 'phase', 'namespace'],
    registers,
    collect() {
      this.reset();
      const { backupSessions, restoreSessions } = scraped()?.caches ?? {};
      for (const [kind, sessions] of [
        ['backup', backupSessions],
        ['restore', restoreSessions],
      ] as const) {
        for (const { metadata, status } of sessions?.list() ?? []) {
          this.inc({ kind, phase: status?.phase ?? 'Pending', namespace: metadata.namespace ?? '' });
        }
      }
    },
  });
  new Gauge({
    name: 'stash_queue_depth',
    help: 'Number of queued objects.',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      for (const [queue, depth] of scraped()?.depths ?? []) this.set({ queue }, depth());
    },
  });
  /** Last success in Unix seconds, by `namespace/name`: the history limit may have deleted the session itself. */
  const reportedSuccesses = new Map<string, number>();
  new Gauge({
    name: 'stash_backup_last_success_timestamp_seconds',
    help: 'When the last successful session of a BackupConfiguration ended.',
    labelNames: ['namespace', 'backupconfiguration'],
    registers,
    collect() {
      this.reset();
      const caches = scraped()?.caches;
      if (caches === undefined) return;
      const known = lastSuccesses(caches.backupSessions.list());
      for (const { metadata } of caches.configurations.list()) {
        const { namespace = '', name } = metadata;
        const id = `${namespace}/${name}`;
        const seconds = Math.max(reportedSuccesses.get(id) ?? 0, known.get(id) ?? 0);
        if (seconds > 0) this.set({ namespace, backupconfiguration: name }, seconds);
      }
    },
  });
  const ended = new Counter({
    name: 'stash_sessions_total',
    help: 'Sessions that have ended, by phase.',
    labelNames: ['kind', 'phase'],
    registers,
  });
  const durations = new Histogram({
    name: 'stash_session_duration_seconds',
    help: 'From the creation of a session to its end.',
    labelNames: ['kind', 'phase'],
    buckets: durationBuckets,
    registers,
  });
  const errors = new Counter({
    name: 'stash_reconcile_errors_total',
    help: 'Failed reconciles, which are retried.',
    labelNames: ['queue'],
    registers,
  });

  return {
    sessionEnded(kind, phase, seconds) {
      ended.inc({ kind, phase });
      durations.observe({ kind, phase }, seconds);
    },
    backupSucceeded({ namespace, name }, when) {
      const id = `${namespace}/${name}`;
      reportedSuccesses.set(id, Math.max(reportedSuccesses.get(id) ?? 0, when.getTime() / 1000));
    },
    forget: ({ namespace, name }) => void reportedSuccesses.delete(`${namespace}/${name}`),
    reconcileFailed: (queue) => {
      errors.inc({ queue });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

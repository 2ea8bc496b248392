/** The operator's metrics, listed in docs/metrics.md. Gauges are computed from the caches at each scrape. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { isIgnored, wasBound } from '#src/domain/coverage/claim-marks.ts';
import { dueOf, type Due } from '#src/domain/due.ts';
import { isInterrupted } from '#src/domain/in-place/interrupted.ts';
import { finalPhases } from '#src/domain/session/session-status.ts';
import { shortened } from '#src/domain/quoted.ts';

import type { SuccessReader } from './success-reader.ts';
import type { Caches, Metrics } from './world.ts';

/** What the gauges are computed from while this process is the leader. */
export interface Scraped {
  readonly caches: Caches;
  /** Number of queued objects, by the name of their reconciler. */
  readonly depths: ReadonlyMap<string, () => number>;
  readonly successes: SuccessReader;
  readonly now: () => Date;
}

export interface OperatorMetrics extends Metrics {
  reconcileFailed(queue: string): void;
  /** Resolves with all metrics in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

type Configuration = Stored<BackupConfiguration>;

const durationBuckets = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600];

/** `scraped` is called at each scrape and returns undefined while this process is not the leader. */
export function createMetrics(
  scraped: () => Scraped | undefined,
  { coverageMetrics = false }: { readonly coverageMetrics?: boolean | undefined } = {},
): OperatorMetrics {
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
    name: 'stash_restore_in_place_interrupted',
    help: '1 for each restore in place that may have stopped its workload, and that no command line goes on with.',
    labelNames: ['namespace', 'restoresession'],
    registers,
    collect() {
      this.reset();
      for (const session of scraped()?.caches.restoreSessions.list() ?? []) {
        const { namespace = '', name } = session.metadata;
        if (isInterrupted(session)) this.set({ namespace, restoresession: name }, 1);
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
  new Gauge({
    name: 'stash_restore_points_read_timestamp_seconds',
    help: 'When the operator last read the restore points, for the metrics that are computed from them.',
    registers,
    collect() {
      this.reset();
      const readAt = scraped()?.successes.readAt();
      if (readAt !== undefined) this.set(readAt.getTime() / 1000);
      else this.remove();
    },
  });
  if (coverageMetrics) {
    new Gauge({
      name: 'stash_claims_uncovered',
      help: 'Number of claims with a volume and without a complete restore point.',
      labelNames: ['namespace'],
      registers,
      collect() {
        this.reset();
        const { caches, successes } = scraped() ?? {};
        if (successes?.readAt() === undefined) return;
        for (const claim of caches?.targets.PersistentVolumeClaim.list() ?? []) {
          if (!wasBound(claim) || isIgnored(claim)) continue;
          const { namespace = '', name } = claim.metadata;
          // A namespace whose claims are all covered counts 0.
          this.inc({ namespace }, successes.isCovered({ namespace, name }) ? 0 : 1);
        }
      },
    });
  }
  /** Of the present scrape: several metrics need each. */
  let dues = new Map<Configuration, Due | undefined>();
  const dueAt = (configuration: Configuration, world: Scraped) => {
    if (!dues.has(configuration)) dues.set(configuration, due(configuration, world));
    return dues.get(configuration);
  };
  const perConfiguration = (
    metric: { readonly name: string; readonly help: string },
    read: (configuration: Configuration, world: Scraped) => number | undefined,
    labels: (configuration: Configuration) => Record<string, string> = () => ({}),
    labelNames: readonly string[] = [],
  ) =>
    new Gauge({
      ...metric,
      labelNames: ['namespace', 'backupconfiguration', ...labelNames],
      registers,
      collect() {
        this.reset();
        const world = scraped();
        if (world === undefined) return;
        for (const configuration of world.caches.configurations.list()) {
          if (configuration.spec.driver !== 'VolumeSnapshotter') continue;
          const { namespace, name } = idOf(configuration);
          const value = read(configuration, world);
          if (value !== undefined)
            this.set({ namespace, backupconfiguration: name, ...labels(configuration) }, value);
        }
      },
    });
  perConfiguration(
    {
      name: 'stash_backup_configuration_info',
      help: '1 for each BackupConfiguration.',
    },
    () => 1,
    ({ spec }) => ({ paused: String(spec.paused === true), schedule: shortened(spec.schedule ?? '') }),
    ['paused', 'schedule'],
  );
  perConfiguration(
    {
      name: 'stash_backup_last_success_timestamp_seconds',
      help: 'When the newest complete restore point of a BackupConfiguration was taken.',
    },
    (configuration, { successes }) => successes.lastSuccess(idOf(configuration)),
  );
  perConfiguration(
    {
      name: 'stash_backup_next_due_timestamp_seconds',
      help: 'When the schedule of a BackupConfiguration that is not paused runs next.',
    },
    (configuration, world) => inSeconds(dueAt(configuration, world)?.next.getTime()),
  );
  perConfiguration(
    {
      name: 'stash_backup_overdue_seconds',
      help: 'Time since the first scheduled run after the last success; 0 where that run is still to come.',
    },
    (configuration, world) => {
      const due = dueAt(configuration, world);
      return inSeconds(due && Math.max(0, world.now().getTime() - due.first.getTime()));
    },
  );
  perConfiguration(
    {
      name: 'stash_backup_period_seconds',
      help: 'Time from the first scheduled run after the last success to the run after it.',
    },
    (configuration, world) => {
      const due = dueAt(configuration, world);
      return inSeconds(due && due.second.getTime() - due.first.getTime());
    },
  );
  const ended = new Counter({
    name: 'stash_sessions_total',
    help: 'Sessions that have ended, by phase.',
    labelNames: ['kind', 'phase'],
    registers,
  });
  // A counter that first appears with 1 has not increased for Prometheus.
  for (const kind of ['backup', 'restore']) for (const phase of finalPhases) ended.inc({ kind, phase }, 0);
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
    backupSucceeded: (at, when) => scraped()?.successes.learn(at, when),
    reconcileFailed: (queue) => {
      errors.inc({ queue });
    },
    async text() {
      await scraped()?.successes.refresh();
      dues = new Map();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

function idOf({ metadata }: Configuration): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

/** Undefined while it is paused, and as long as its restore points are not known. */
function due(configuration: Configuration, { successes, now }: Scraped): Due | undefined {
  const { spec, metadata } = configuration;
  if (spec.paused === true || spec.schedule === undefined || successes.readAt() === undefined)
    return undefined;
  const created = Date.parse(metadata.creationTimestamp);
  const last = (successes.lastSuccess(idOf(configuration)) ?? 0) * 1000;
  return dueOf(spec.schedule, new Date(Math.max(created, last)), now());
}

function inSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

/** The operator's metrics, as `metric-definitions.ts` has them. Gauges are computed from the caches at each scrape. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { isIgnored, wasBound } from '#src/domain/coverage/claim-marks.ts';
import { dueOf, type Due } from '#src/domain/due.ts';
import { isInterrupted } from '#src/domain/in-place/interrupted.ts';
import {
  lastSessions,
  quiesced,
  type LastSessions,
  type Quiesced,
} from '#src/domain/operator/last-sessions.ts';
import { finalPhases } from '#src/domain/session/session-status.ts';
import { shortened } from '#src/domain/quoted.ts';

import { definitions, type MetricDefinition } from './metric-definitions.ts';
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

  /** `collect` sets the values of a scrape; it is called only while this process is the leader. */
  const gauge = (definition: MetricDefinition, collect: (metric: Gauge, world: Scraped) => void) =>
    new Gauge({
      ...described(definition),
      registers,
      collect() {
        this.reset();
        // `reset` gives a metric without labels the value 0.
        if (definition.labels.length === 0) this.remove();
        const world = scraped();
        if (world !== undefined) collect(this, world);
      },
    });

  new Gauge({
    ...described(definitions.leader),
    registers,
    collect() {
      this.set(scraped() === undefined ? 0 : 1);
    },
  });
  gauge(definitions.sessions, (metric, { caches: { backupSessions, restoreSessions } }) => {
    for (const [kind, sessions] of [
      ['backup', backupSessions],
      ['restore', restoreSessions],
    ] as const) {
      for (const { metadata, status } of sessions.list())
        metric.inc({ kind, phase: status?.phase ?? 'Pending', namespace: metadata.namespace ?? '' });
    }
  });
  gauge(definitions.inPlaceInterrupted, (metric, { caches }) => {
    for (const session of caches.restoreSessions.list()) {
      const { namespace, name } = idOf(session);
      if (isInterrupted(session)) metric.set({ namespace, restoresession: name }, 1);
    }
  });
  gauge(definitions.queueDepth, (metric, { depths }) => {
    for (const [queue, depth] of depths) metric.set({ queue }, depth());
  });
  gauge(definitions.restorePointsRead, (metric, { successes }) => {
    const readAt = successes.readAt();
    if (readAt !== undefined) metric.set(readAt.getTime() / 1000);
  });
  if (coverageMetrics) {
    gauge(definitions.uncovered, (metric, { caches, successes }) => {
      if (successes.readAt() === undefined) return;
      for (const claim of caches.targets.PersistentVolumeClaim.list()) {
        if (!wasBound(claim) || isIgnored(claim)) continue;
        const { namespace, name } = idOf(claim);
        // A namespace whose claims are all covered counts 0.
        metric.inc({ namespace }, successes.isCovered({ namespace, name }) ? 0 : 1);
      }
    });
  }
  const perQuiesced = (
    definition: MetricDefinition,
    read: (quiesced: Quiesced, now: Date) => number | undefined,
  ) =>
    gauge(definition, (metric, { caches, now }) => {
      for (const session of caches.backupSessions.list()) {
        const found = quiesced(session);
        const { namespace, name } = idOf(session);
        const value = found && inSeconds(read(found, now()));
        if (value !== undefined) metric.set({ namespace, backupsession: name }, value);
      }
    });
  perQuiesced(definitions.quiesced, ({ since }, now) => Math.max(0, now.getTime() - since.getTime()));
  perQuiesced(definitions.quiescedLimit, ({ since, until }) => until.getTime() - since.getTime());

  /** Computed once in a scrape, since several metrics need it. */
  let dues = new Map<Configuration, Due | undefined>();
  const dueAt = (configuration: Configuration, world: Scraped) => {
    if (!dues.has(configuration)) dues.set(configuration, due(configuration, world));
    return dues.get(configuration);
  };
  let last: ReadonlyMap<string, LastSessions> | undefined;
  const lastOf = (configuration: Configuration, { caches }: Scraped): LastSessions | undefined => {
    last ??= lastByInvoker(caches.backupSessions.list());
    return last.get(keyOf(idOf(configuration)));
  };
  const perConfiguration = (
    definition: MetricDefinition,
    read: (configuration: Configuration, world: Scraped) => number | undefined,
    labels: (configuration: Configuration) => Record<string, string> = () => ({}),
  ) =>
    gauge(definition, (metric, world) => {
      for (const configuration of world.caches.configurations.list()) {
        if (configuration.spec.driver !== 'VolumeSnapshotter') continue;
        const { namespace, name } = idOf(configuration);
        const value = read(configuration, world);
        if (value !== undefined)
          metric.set({ namespace, backupconfiguration: name, ...labels(configuration) }, value);
      }
    });
  perConfiguration(
    definitions.configuration,
    () => 1,
    ({ spec }) => ({ paused: String(isPaused(spec)), schedule: shortened(spec.schedule ?? '') }),
  );
  perConfiguration(definitions.lastSuccess, (configuration, { successes }) =>
    successes.lastSuccess(idOf(configuration)),
  );
  perConfiguration(definitions.nextDue, (configuration, world) =>
    inSeconds(dueAt(configuration, world)?.next.getTime()),
  );
  perConfiguration(definitions.overdue, (configuration, world) => {
    const due = dueAt(configuration, world);
    return inSeconds(due && Math.max(0, world.now().getTime() - due.first.getTime()));
  });
  perConfiguration(definitions.period, (configuration, world) => {
    const due = dueAt(configuration, world);
    return inSeconds(due && due.second.getTime() - due.first.getTime());
  });
  perConfiguration(definitions.lastFailed, (configuration, world) =>
    isPaused(configuration.spec) ? undefined : asNumber(lastOf(configuration, world)?.failed),
  );
  perConfiguration(definitions.quiescedDuration, (configuration, world) =>
    inSeconds(lastOf(configuration, world)?.quiescedMs),
  );
  perConfiguration(definitions.retentionFailed, (configuration, world) =>
    asNumber(lastOf(configuration, world)?.retentionFailed),
  );

  const ended = new Counter({ ...described(definitions.sessionsEnded), registers });
  const durations = new Histogram({
    ...described(definitions.sessionDuration),
    buckets: durationBuckets,
    registers,
  });
  // A counter that first appears with 1 has not increased for Prometheus.
  for (const kind of ['backup', 'restore']) {
    for (const phase of finalPhases) {
      ended.inc({ kind, phase }, 0);
      durations.zero({ kind, phase });
    }
  }
  const errors = new Counter({
    ...described(definitions.reconcileErrors),
    registers,
    collect() {
      for (const queue of scraped()?.depths.keys() ?? []) this.inc({ queue }, 0);
    },
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
      last = undefined;
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** Returns the definition in prom-client's form. */
function described({ name, help, labels }: MetricDefinition) {
  return { name, help, labelNames: [...labels] };
}

interface Id {
  readonly namespace: string;
  readonly name: string;
}

function idOf({ metadata }: Stored<KubernetesObject>): Id {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

function keyOf({ namespace, name }: Id): string {
  return `${namespace}/${name}`;
}

function lastByInvoker(sessions: Iterable<Stored<BackupSession>>): ReadonlyMap<string, LastSessions> {
  const groups = Map.groupBy(sessions, ({ metadata, spec }) =>
    keyOf({ namespace: metadata.namespace ?? '', name: spec.invoker.name }),
  );
  return new Map([...groups].map(([key, group]) => [key, lastSessions(group)]));
}

function isPaused({ paused }: BackupConfiguration['spec']): boolean {
  return paused === true;
}

function asNumber(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** Undefined while it is paused, and as long as its restore points are not known. */
function due(configuration: Configuration, { successes, now }: Scraped): Due | undefined {
  const { spec, metadata } = configuration;
  if (isPaused(spec) || spec.schedule === undefined || successes.readAt() === undefined) return undefined;
  const created = Date.parse(metadata.creationTimestamp);
  const last = (successes.lastSuccess(idOf(configuration)) ?? 0) * 1000;
  return dueOf(spec.schedule, new Date(Math.max(created, last)), now());
}

function inSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

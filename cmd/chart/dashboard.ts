/** The Grafana dashboard: what is backed up, how old it is, and how the operator does. */

export interface Panel {
  readonly title: string;
  readonly type: 'stat' | 'timeseries';
  /** PromQL. All replicas serve metrics, so what the leader says is taken by `max`. */
  readonly expression: string;
  /** Labels of a series, in Grafana's form. */
  readonly legend?: string;
  /** Grafana's name of the unit. */
  readonly unit?: 's' | 'short';
  /** From this value on, a number is shown in red. */
  readonly bad?: number;
}

const each = 'by (namespace, backupconfiguration)';
const perSession = 'by (namespace, backupsession)';
const legend = '{{namespace}}/{{backupconfiguration}}';

function configurations(paused: boolean): string {
  return `count(max ${each} (stash_backup_configuration_info{paused="${paused}"})) or vector(0)`;
}

function duration(quantile: number): string {
  const rate = 'rate(stash_session_duration_seconds_bucket[6h])';
  return `histogram_quantile(${quantile}, sum by (le, kind) (${rate}))`;
}

export const panels: readonly Panel[] = [
  { title: 'Configurations with a schedule', type: 'stat', expression: configurations(false) },
  { title: 'Paused', type: 'stat', expression: configurations(true) },
  {
    ...{ title: 'Overdue: two runs in a row did not succeed', type: 'stat', bad: 1 },
    expression: `count(max ${each} (stash_backup_overdue_seconds) > max ${each} (stash_backup_period_seconds)) or vector(0)`,
  },
  {
    ...{ title: 'Interrupted restores in place', type: 'stat', bad: 1 },
    expression:
      'count(max by (namespace, restoresession) (stash_restore_in_place_interrupted) > 0) or vector(0)',
  },
  {
    ...{ title: 'Last backup failed', type: 'stat', bad: 1 },
    expression: `count(max ${each} (stash_backup_last_failed) > 0) or vector(0)`,
  },
  {
    ...{ title: 'Retention policy not applied', type: 'stat', bad: 1 },
    expression: `count(max ${each} (stash_backup_retention_failed) > 0) or vector(0)`,
  },
  {
    ...{ title: 'Applications quiesced for too long', type: 'stat', bad: 1 },
    expression: `count(max ${perSession} (stash_quiesced_seconds) > max ${perSession} (stash_quiesced_limit_seconds)) or vector(0)`,
  },
  {
    ...{ title: 'Claims without a complete restore point', type: 'stat', bad: 1 },
    expression: 'sum(max by (namespace) (stash_claims_uncovered))',
  },
  {
    ...{ title: 'Age of the newest complete restore point', type: 'timeseries', legend, unit: 's' },
    expression: `time() - max ${each} (stash_backup_last_success_timestamp_seconds)`,
  },
  {
    ...{ title: 'Time until the next run', type: 'timeseries', legend, unit: 's' },
    expression: `max ${each} (stash_backup_next_due_timestamp_seconds) - time()`,
  },
  {
    ...{ title: 'Sessions', type: 'timeseries', legend: '{{kind}} {{phase}}', unit: 'short' },
    expression: 'sum by (kind, phase) (stash_sessions)',
  },
  {
    ...{ title: 'Sessions that ended in the last hour', type: 'timeseries', legend: '{{kind}} {{phase}}' },
    expression: 'sum by (kind, phase) (increase(stash_sessions_total[1h]))',
  },
  {
    ...{ title: 'Duration of sessions, median', type: 'timeseries', legend: '{{kind}}', unit: 's' },
    expression: duration(0.5),
  },
  {
    ...{ title: 'Duration of sessions, 95 %', type: 'timeseries', legend: '{{kind}}', unit: 's' },
    expression: duration(0.95),
  },
  {
    ...{ title: 'Time quiesced by the last backup with hooks', type: 'timeseries', legend, unit: 's' },
    expression: `max ${each} (stash_backup_quiesced_duration_seconds)`,
  },
  {
    ...{ title: 'Claims without a complete restore point, by namespace', type: 'timeseries' },
    ...{ legend: '{{namespace}}', expression: 'max by (namespace) (stash_claims_uncovered)' },
  },
  {
    ...{ title: 'Objects that wait for the operator', type: 'timeseries', legend: '{{queue}}' },
    expression: 'max by (queue) (stash_queue_depth)',
  },
  {
    ...{ title: 'Failed reconciliations', type: 'timeseries', legend: '{{queue}}' },
    expression: 'sum by (queue) (increase(stash_reconcile_errors_total[5m]))',
  },
];

const datasource = { type: 'prometheus', uid: '${datasource}' };
const width = 24;
const sizes = { stat: { w: 6, h: 4 }, timeseries: { w: 12, h: 8 } } as const;

/** The dashboard as Grafana imports it. */
export function dashboard(): object {
  let [x, y, rowHeight] = [0, 0, 0];
  return {
    title: 'kubectl-stash',
    uid: 'kubectl-stash',
    schemaVersion: 39,
    timezone: 'browser',
    time: { from: 'now-7d', to: 'now' },
    refresh: '1m',
    templating: {
      list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' }],
    },
    panels: panels.map((panel, index) => {
      const { w, h } = sizes[panel.type];
      if (x + w > width) [x, y] = [0, y + rowHeight];
      const gridPos = { x, y, w, h };
      [x, rowHeight] = [x + w, h];
      return { id: index + 1, gridPos, ...grafanaPanel(panel) };
    }),
  };
}

function grafanaPanel({ title, type, expression, legend, unit = 'short', bad }: Panel): object {
  const steps = [
    { color: 'green', value: null },
    ...(bad === undefined ? [] : [{ color: 'red', value: bad }]),
  ];
  return {
    ...{ title, type, datasource },
    targets: [{ refId: 'A', datasource, expr: expression, ...(legend && { legendFormat: legend }) }],
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
  };
}

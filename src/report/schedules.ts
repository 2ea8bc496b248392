/** Prints schedules for `list schedules`. */
import { formatAge } from '#src/domain/duration.ts';
import type { ScheduleOutlook } from '#src/domain/configuration/schedule-outlook.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { renderColumns, type Column } from './table.ts';
import { timeFormat, type TimeZone } from './time.ts';

const apiVersion = 'cli.stash.appscode.com/v1alpha1';

export interface ScheduleTableOptions {
  readonly now: Date;
  readonly zone: TimeZone;
  readonly allNamespaces: boolean;
  /** Adds the restore point and the retention policy. */
  readonly wide: boolean;
  readonly noHeaders: boolean;
}

export function scheduleTable(outlooks: readonly ScheduleOutlook[], options: ScheduleTableOptions): string {
  const { now, zone, allNamespaces, wide, noHeaders } = options;
  const format = timeFormat(zone);
  const time = (at: Date | undefined) => (at ? format(at) : '<none>');
  const columns: readonly Column<ScheduleOutlook>[] = [
    {
      header: 'namespace',
      shown: allNamespaces,
      cell: ({ configuration }) => configuration.metadata.namespace ?? '',
    },
    { header: 'configuration', cell: ({ configuration }) => configuration.metadata.name },
    { header: 'workload', cell: workloadOf },
    { header: 'schedule', cell: ({ configuration }) => configuration.spec.schedule ?? '' },
    { header: 'next due', cell: ({ nextDue }) => time(nextDue) },
    { header: 'last good', cell: ({ lastGood }) => time(lastGood?.takenAt) },
    {
      header: 'age',
      cell: ({ lastGood }) => (lastGood ? formatAge(now.getTime() - lastGood.takenAt.getTime()) : '<none>'),
    },
    { header: 'overdue', cell: ({ overdue }) => (overdue ? 'yes' : 'no') },
    { header: 'paused', cell: ({ configuration }) => (configuration.spec.paused === true ? 'yes' : 'no') },
    { header: 'restore point', shown: wide, cell: ({ lastGood }) => lastGood?.session ?? '<none>' },
    {
      header: 'retention',
      shown: wide,
      cell: ({ configuration }) => configuration.spec.retentionPolicy.name,
    },
  ];
  return renderColumns(columns, outlooks, { header: noHeaders ? 'none' : 'upper-case' });
}

/** What `-o json` and `-o yaml` print. These kinds exist in the output only; no API server serves them. */
export function scheduleList(outlooks: readonly ScheduleOutlook[]) {
  return {
    apiVersion,
    kind: 'ScheduleList',
    items: outlooks.map(({ configuration, nextDue, lastGood, overdue }) => {
      const { name, namespace = '' } = configuration.metadata;
      const { schedule = '', paused = false, target } = configuration.spec;
      const { kind, name: workload, apiVersion: version } = target?.ref ?? {};
      return {
        apiVersion,
        kind: 'Schedule',
        metadata: { name, namespace },
        ...(kind !== undefined &&
          workload !== undefined && {
            target: { kind, name: workload, ...(version !== undefined && { apiVersion: version }) },
          }),
        schedule,
        paused,
        overdue,
        ...(nextDue && { nextDue: nextDue.toISOString() }),
        ...(lastGood && {
          lastGood: { name: lastGood.session, takenAt: lastGood.takenAt.toISOString() },
        }),
      };
    }),
  };
}

export function scheduleNames(outlooks: readonly ScheduleOutlook[]): string[] {
  return outlooks.map(
    ({ configuration }) => `backupconfiguration.stash.appscode.com/${configuration.metadata.name}`,
  );
}

function workloadOf({ configuration }: ScheduleOutlook): string {
  const { kind, name } = configuration.spec.target?.ref ?? {};
  return kind === undefined || name === undefined ? '<unknown>' : formatTarget({ kind, name });
}

/** Whether a configuration's schedule runs, and has come to restore points. */
import type { Stored } from '#src/api/kubernetes.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import { latestComplete } from '#src/domain/restore-points/choose-point.ts';
import { dueOf, isOverdue } from '#src/domain/due.ts';
import { checkSchedule } from '#src/domain/schedule.ts';
import { commandLine } from '#src/domain/command-line.ts';

import { canSnapshot, snapshotLists } from './can-snapshot.ts';
import { whereRead, type CheckOfConfiguration, type Facts, type Subject } from './check.ts';

export const schedule: CheckOfConfiguration = {
  name: 'schedule',
  of: 'configuration',
  lists: [backupConfigurations, ...snapshotLists],
  find(facts, configuration, subject) {
    const { name, namespace = '' } = configuration.metadata;
    const { schedule = '', paused = false } = configuration.spec;
    if (isPlaceholder(configuration)) {
      return [{ level: 'ok', message: 'it has no schedule: snapshots are taken by hand' }];
    }
    if (paused) {
      const fix = commandLine`kubectl stash resume ${name} -n ${namespace}`;
      return [{ level: 'warn', message: 'it is paused: its schedule does not run', fix }];
    }
    if (checkSchedule(schedule) !== undefined) return [];
    return subject === undefined ? [] : lastRuns(facts, configuration, subject);
  },
};

function lastRuns(facts: Facts, configuration: Stored<BackupConfiguration>, subject: Subject): Finding[] {
  const { schedule = '' } = configuration.spec;
  const { name, namespace = '', creationTimestamp } = configuration.metadata;
  return whereRead(facts.points, (points) => {
    const latest = latestComplete(points, subject.target);
    const since = latest?.takenAt ?? new Date(creationTimestamp);
    const due = dueOf(schedule, since, facts.now);
    if (due === undefined || !isOverdue(due, facts.now)) {
      return [{ level: 'ok', message: `due next at ${due?.next.toISOString() ?? 'no time'}` }];
    }
    const trigger = commandLine`kubectl stash trigger ${name} -n ${namespace}`;
    const last = latest ? `since ${latest.session}` : 'since it was created';
    return [
      failure(
        'precondition',
        `it was due at ${due.first.toISOString()} and ${due.second.toISOString()}, and there is no complete restore point ${last}`,
        { fix: canSnapshot(facts, subject) ? trigger : undefined },
      ),
    ];
  });
}

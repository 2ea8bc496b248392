/** Whether the runs of a schedule have come to complete restore points. */
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import { backupConfigurations, volumeSnapshots } from '#src/api/resources.ts';
import { failure } from '#src/domain/finding.ts';
import { latestComplete } from '#src/domain/restore-points/choose-point.ts';
import { dueOf, isOverdue } from '#src/domain/due.ts';
import { checkSchedule } from '#src/domain/schedule.ts';
import { commandLine } from '#src/domain/command-line.ts';

import { canSnapshot, snapshotLists } from './can-snapshot.ts';
import { whereRead, type CheckOfConfiguration } from './check.ts';

export const overdue: CheckOfConfiguration = {
  name: 'overdue',
  of: 'configuration',
  about: 'The schedule has come to a complete restore point since it was due for the last time but one.',
  lists: [volumeSnapshots, backupConfigurations, ...snapshotLists],
  after: [
    ...['snapshot-api', 'snapshot-controller', 'driver-sidecar', 'configuration-valid'],
    ...[
      'target',
      'claims',
      'drivers',
      'csi-driver',
      'node-local',
      'snapshot-classes',
      'class-secrets',
      'quota',
    ],
  ],
  find(facts, configuration, subject) {
    const { schedule = '', paused = false } = configuration.spec;
    if (subject === undefined || paused || isPlaceholder(configuration)) return [];
    if (checkSchedule(schedule) !== undefined) return [];
    const { name, namespace = '', creationTimestamp } = configuration.metadata;
    return whereRead(facts.points, (points) => {
      const latest = latestComplete(points, subject.target);
      const since = latest?.takenAt ?? new Date(creationTimestamp);
      const due = dueOf(schedule, since, facts.now);
      if (due === undefined || !isOverdue(due, facts.now)) {
        return [{ level: 'ok', message: 'no run is overdue' }];
      }
      const last = latest ? `since ${latest.session}` : 'since it was created';
      const trigger = commandLine`kubectl stash trigger ${name} -n ${namespace}`;
      return [
        failure(
          'precondition',
          `it was due at ${due.first.toISOString()} and ${due.second.toISOString()}, and there is no complete restore point ${last}`,
          { fix: canSnapshot(facts, subject) ? trigger : undefined },
        ),
      ];
    });
  },
};

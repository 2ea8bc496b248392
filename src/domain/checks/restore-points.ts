/** Checks that the target has a complete restore point, and that the newest one is complete. */
import { backupConfigurations, volumeSnapshots } from '#src/api/resources.ts';
import { configurationFor } from '#src/domain/configuration/choose-configuration.ts';
import { formatAge } from '#src/domain/duration.ts';
import { choosePoint, describeClaim, isOf } from '#src/domain/restore-points/choose-point.ts';
import { commandLine, flag } from '#src/domain/command-line.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { canSnapshot, snapshotLists } from './can-snapshot.ts';
import { whereRead, type Facts, type Subject, type CheckOfTarget } from './check.ts';

export const completePoints: CheckOfTarget = {
  name: 'restore-points',
  of: 'target',
  about: 'The target has a complete restore point, and the newest one is complete.',
  after: ['snapshot-api'],
  lists: [volumeSnapshots, backupConfigurations, ...snapshotLists],
  find: (facts, subject) => {
    const { points, now } = facts;
    const { target } = subject;
    return whereRead(points, (all) => {
      const own = all.filter((point) => isOf(point, target));
      const fix = canSnapshot(facts, subject) ? snapshotCommand(facts, subject) : undefined;
      if (own.length === 0) return [{ level: 'warn', message: 'there is no restore point yet', fix }];
      const choice = choosePoint(own, target, 'latest');
      const newest = own.find(({ phase }) => phase !== 'Running');
      if ('failure' in choice) {
        return [newest === undefined ? { ...choice.failure, level: 'warn' } : { ...choice.failure, fix }];
      }
      const { session, takenAt } = choice.value;
      const ageMs = now.getTime() - takenAt.getTime();
      // The time of an imported snapshot comes from the driver's clock.
      const age = ageMs < 0 ? 'dated in the future' : `${formatAge(ageMs)} old`;
      if (newest === undefined || newest === choice.value) {
        return [{ level: 'ok', message: `the newest restore point, ${session}, is complete and ${age}` }];
      }
      const lacking = newest.claims.filter(({ state }) => state !== 'ready').map(describeClaim);
      const why = [newest.phase, ...lacking].join('; ');
      const latest = `the newest complete one, ${session}, is ${age}`;
      return [
        { level: 'warn', message: `the newest restore point, ${newest.session}, is ${why}; ${latest}`, fix },
      ];
    });
  },
};

function snapshotCommand({ listed }: Facts, { target, configuration }: Subject): string {
  const read = listed(backupConfigurations);
  const isClear = !('value' in read) || 'value' in configurationFor(read.value, target);
  const config = isClear || !configuration ? [] : [flag('--config', configuration.metadata.name)];
  return commandLine`kubectl stash snapshot ${formatTarget(target)} -n ${target.namespace} ${config}`;
}

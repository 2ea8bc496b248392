/** Whether the target has a restore point to restore from, and the newest one is complete. */
import { formatAge } from '#src/domain/duration.ts';
import { choosePoint, describeClaim, isOf } from '#src/domain/restore-points/choose-point.ts';
import { shellWords } from '#src/domain/shell-words.ts';
import { formatTarget } from '#src/domain/target/target.ts';

import { whereRead, type Check } from './check.ts';

export const completePoints: Check = {
  name: 'restore-points',
  of: 'target',
  find: ({ points, now }, { target }) =>
    whereRead(points, (all) => {
      const own = all.filter((point) => isOf(point, target));
      const fix = shellWords(['kubectl', 'stash', 'snapshot', formatTarget(target), '-n', target.namespace]);
      if (own.length === 0) return [{ level: 'warn', message: 'there is no restore point yet', fix }];
      const choice = choosePoint(own, target, 'latest');
      const newest = own.find(({ phase }) => phase !== 'Running');
      if ('failure' in choice) {
        return [newest === undefined ? { ...choice.failure, level: 'warn' } : { ...choice.failure, fix }];
      }
      const { session, takenAt } = choice.value;
      const age = formatAge(now.getTime() - takenAt.getTime());
      if (newest === undefined || newest === choice.value) {
        return [{ level: 'ok', message: `the newest restore point, ${session}, is complete and ${age} old` }];
      }
      const lacking = newest.claims.filter(({ state }) => state !== 'ready').map(describeClaim);
      const why = [newest.phase, ...lacking].join('; ');
      const latest = `the newest complete one, ${session}, is ${age} old`;
      return [
        { level: 'warn', message: `the newest restore point, ${newest.session}, is ${why}; ${latest}`, fix },
      ];
    }),
};

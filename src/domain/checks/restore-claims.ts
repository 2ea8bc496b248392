/** Whether the newest complete restore point says how its claims must be: above all, how large. */
import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';

import type { CheckOfTarget } from './check.ts';
import { whereRestorable } from './restorable.ts';

export const restoreClaims: CheckOfTarget = {
  name: 'restore-claims',
  of: 'target',
  about:
    'The newest complete restore point gives the size of each claim, and a restore makes the claims as they were. A claim that gets larger, or whose snapshot does not record it, is a warning.',
  lists: [volumeSnapshots, backupSessions],
  after: ['snapshot-api'],
  find: (facts, subject) =>
    whereRestorable(facts, subject, ({ notes }) =>
      notes.map((message) => ({ level: 'warn', message }) as const),
    ),
};

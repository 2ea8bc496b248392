/** Checks that the LimitRanges of the namespace would admit restored claims. */
import { limitRanges, volumeSnapshots } from '#src/api/resources.ts';
import { claimsBeyondLimits } from '#src/domain/quota/limit-ranges.ts';

import { whereRead, type CheckOfTarget } from './check.ts';
import { fewOf } from './few.ts';
import { asWarnings, whereRestorable } from './restorable.ts';

export const limitRange: CheckOfTarget = {
  name: 'limit-ranges',
  of: 'target',
  about: 'The LimitRanges of the namespace admit the claims of the newest complete restore point.',
  lists: [volumeSnapshots, limitRanges],
  after: ['snapshot-api'],
  find: (facts, subject) =>
    whereRestorable(facts, subject, ({ templates }) =>
      whereRead(facts.listed(limitRanges), (ranges) =>
        fewOf(
          asWarnings(claimsBeyondLimits(ranges, templates)),
          (rest) => `${rest} more claims are not admitted`,
        ),
      ),
    ),
};

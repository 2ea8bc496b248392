/** The words for RestoreSessions in messages. */
import { persistentVolumeClaims, restoreSessions } from '#src/api/resources.ts';
import type { KindWords } from '#src/domain/session/kind-words.ts';

export const restoreWords: KindWords = {
  name: 'restore',
  prefix: 'Restore',
  resource: restoreSessions,
  makes: persistentVolumeClaims,
  done: 'restored',
  withoutWorkload: true,
  ready: 'Bound',
  describes: ({ claim, startedAt }) =>
    startedAt === undefined ? undefined : ['persistentvolumeclaim', claim],
  shows: () => ['kubectl', 'get', 'persistentvolumeclaims'],
};

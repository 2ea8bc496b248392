/** Checks that the API server serves Stash's kinds. */
import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';
import { failure } from '#src/domain/finding.ts';

import type { CheckOfCluster } from './check.ts';

const kinds = [backupConfigurations, backupSessions, restoreSessions];

export const stashApi: CheckOfCluster = {
  name: 'stash-api',
  of: 'cluster',
  about: "The API server serves Stash's kinds.",
  find({ served }) {
    const api = `${backupSessions.group}/${backupSessions.version}`;
    const missing = kinds
      .map(({ plural }) => plural)
      .filter((plural) => !served(backupSessions).includes(plural));
    if (missing.length === 0) return [{ level: 'ok', message: `the server serves ${api}` }];
    return [
      failure('precondition', `the server does not serve ${missing.join(', ')} of ${api}`, {
        fix: 'kubectl stash install --crds',
      }),
    ];
  },
};

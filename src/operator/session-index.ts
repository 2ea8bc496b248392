/** Sessions by what leads to them: their invoker, and the name of their Job. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';

import type { Cache } from './cache.ts';
import type { Key } from './reconciler.ts';

export interface SessionIndex<S extends BackupSession | RestoreSession> {
  /** `group`: as `groupOf` says. */
  ofGroup(namespace: string, group: string): Stored<S>[];
  ofJob(namespace: string, jobName: string): Key | undefined;
}

export function indexSessions<S extends BackupSession | RestoreSession>(
  cache: Cache<S>,
  { groupOf, jobNameOf }: { groupOf: (session: Stored<S>) => string; jobNameOf: (name: string) => string },
): SessionIndex<S> {
  const groups = new Map<string, Set<string>>();
  const jobs = new Map<string, Key>();
  cache.onChange((session, deleted) => {
    const { namespace = '', name } = session.metadata;
    const group = `${namespace}/${groupOf(session)}`;
    const job = `${namespace}/${jobNameOf(name)}`;
    const names = groups.get(group) ?? new Set();
    if (deleted) {
      names.delete(name);
      jobs.delete(job);
    } else {
      names.add(name);
      jobs.set(job, { namespace, name });
    }
    if (names.size === 0) groups.delete(group);
    else groups.set(group, names);
  });
  return {
    ofGroup: (namespace, group) =>
      [...(groups.get(`${namespace}/${group}`) ?? [])].flatMap((name) => cache.get(namespace, name) ?? []),
    ofJob: (namespace, jobName) => jobs.get(`${namespace}/${jobName}`),
  };
}

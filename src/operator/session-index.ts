/** Finds sessions by their group (the invoker or the target) and by the name of their Job. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';

import type { Cache } from './cache.ts';
import type { Key } from './reconciler.ts';

export interface SessionIndex<S extends AnySession> {
  /** `group`: a value of `groupOf`. */
  ofGroup(namespace: string, group: string): Stored<S>[];
  ofJob(namespace: string, jobName: string): Key | undefined;
}

export function indexSessions<S extends AnySession>(
  cache: Cache<S>,
  { groupOf, jobNameOf }: { groupOf: (session: Stored<S>) => string; jobNameOf: (name: string) => string },
): SessionIndex<S> {
  const groups = new Map<string, Set<string>>();
  const jobs = new Map<string, { readonly key: Key; readonly group: string }>();

  const forget = (job: string) => {
    const { key, group } = jobs.get(job) ?? {};
    if (key === undefined || group === undefined) return;
    jobs.delete(job);
    const names = groups.get(group);
    names?.delete(key.name);
    if (names?.size === 0) groups.delete(group);
  };

  cache.onChange((session, deleted) => {
    const { namespace = '', name } = session.metadata;
    const job = `${namespace}/${jobNameOf(name)}`;
    const group = `${namespace}/${groupOf(session)}`;
    if (deleted || jobs.get(job)?.group !== group) forget(job);
    if (deleted) return;
    jobs.set(job, { key: { namespace, name }, group });
    const names = groups.get(group) ?? new Set();
    groups.set(group, names.add(name));
  });
  return {
    ofGroup: (namespace, group) =>
      [...(groups.get(`${namespace}/${group}`) ?? [])].flatMap((name) => cache.get(namespace, name) ?? []),
    ofJob: (namespace, jobName) => jobs.get(`${namespace}/${jobName}`)?.key,
  };
}

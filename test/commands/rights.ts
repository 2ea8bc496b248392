/** A user who lacks a right, as the server's rules review reports it. */
import type { KubernetesObject, SelfSubjectRulesReview, Stored } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

interface Right {
  readonly verb: string;
  readonly group: string;
  /** `backupsessions/status` */
  readonly resource: string;
}

/** The rights that a session of each kind needs, as a role would list them. */
export const rightsOfSnapshot = rights([
  [backupConfigurations, ['create']],
  [backupSessions, ['create', 'patch', 'get', 'list', 'watch']],
  [{ ...backupSessions, plural: 'backupsessions/status' }, ['patch']],
  [volumeSnapshots, ['create', 'get', 'list', 'watch']],
]);

export const rightsOfRestore = rights([
  [restoreSessions, ['create', 'patch', 'get', 'list', 'watch']],
  [{ ...restoreSessions, plural: 'restoresessions/status' }, ['patch']],
  [persistentVolumeClaims, ['create', 'get', 'list', 'watch']],
]);

function rights(table: readonly (readonly [Resource, readonly string[]])[]): Right[] {
  return table.flatMap(([{ group, plural }, verbs]) =>
    verbs.map((verb) => ({ verb, group, resource: plural })),
  );
}

/** All rights of the two tables except those with this verb, group and resource (undefined: any). */
export function withoutRight(verb: string, group?: string, resource?: string): (cluster: Cluster) => Cluster {
  const rules = [...rightsOfSnapshot, ...rightsOfRestore]
    .filter(
      (right) =>
        right.verb !== verb ||
        right.group !== (group ?? right.group) ||
        right.resource !== (resource ?? right.resource),
    )
    .map((right) => ({ verbs: [right.verb], apiGroups: [right.group], resources: [right.resource] }));
  return (cluster) => ({
    ...cluster,
    create: async <T extends KubernetesObject>(...args: Parameters<Cluster['create']>) => {
      const [resource, object] = args;
      if (object.kind !== 'SelfSubjectRulesReview') {
        return (await cluster.create(...args)) as Stored<T>;
      }
      const review = (await cluster.create(resource, object)) as Stored<SelfSubjectRulesReview>;
      const status = { incomplete: false, resourceRules: rules };
      return { ...review, status } as KubernetesObject as Stored<T>;
    },
  });
}

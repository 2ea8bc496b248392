/** What a user must be allowed for a session to come to its end; what only makes messages better is not demanded. */
import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  pods,
  replicaSets,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import type { Right } from '#src/domain/rights.ts';
import type { TargetKind } from '#src/domain/workload/target.ts';

import type { Executor } from './executor.ts';

interface Course {
  /** Undefined: it turns out once the session exists. */
  readonly executor: Executor | undefined;
  /** The session is followed to its end, and carried out where nobody else does. */
  readonly wait: boolean;
}

export interface SnapshotCourse extends Course {
  /** A configuration has to be made. */
  readonly fresh: boolean;
  /** A configuration's status, which is still to come, tells more. */
  readonly probes: boolean;
  /** A retention policy of the command line is applied. */
  readonly prunes?: boolean;
}

export function rightsForSnapshot({
  executor,
  wait,
  fresh,
  probes,
  prunes = false,
}: SnapshotCourse): Right[] {
  return [
    ...on(backupConfigurations, fresh && 'create', probes && 'list', probes && 'watch'),
    // A configuration that served as a probe only is taken back.
    ...on(backupConfigurations, fresh && !wait && executor === undefined && 'delete'),
    ...session(backupSessions, volumeSnapshots, { executor, wait }),
    ...on(volumeSnapshots, prunes && 'delete'),
  ];
}

/** Of whoever runs hooks in a target's pods; `kind`: of the target, where that is known. Servers before 1.35 ask for `get` where later ones ask for both. */
export function rightsForHooks(
  { pre, post }: Pick<SessionHooks, 'pre' | 'post'>,
  kind: TargetKind | undefined,
): Right[] {
  const runsCommands = pre?.exec !== undefined || post?.exec !== undefined;
  const exec = (['get', 'create'] as const).map(
    (verb) => ({ verb, resource: pods, subresource: 'exec' }) as const,
  );
  return [
    ...on(pods, 'list'),
    // A Deployment's pods are those of its ReplicaSets.
    ...on(replicaSets, kind === 'Deployment' && 'get'),
    ...(runsCommands ? exec : []),
  ];
}

export function rightsForRestore(course: Course): Right[] {
  return session(restoreSessions, persistentVolumeClaims, course);
}

/** Somebody else may turn out to carry the session out, or a name to be taken: then these are read. */
function session(sessions: Resource, made: Resource, { executor, wait }: Course): Right[] {
  const executes = wait && (executor === undefined || executor === 'local');
  return [
    ...on(sessions, 'create', executes && 'patch'),
    ...(executes ? [{ verb: 'patch', resource: sessions, subresource: 'status' } as const] : []),
    ...on(made, executes && 'create', executes && 'get', wait && 'list', wait && 'watch'),
    ...on(sessions, 'get', 'list', wait && 'watch'),
  ];
}

function on(resource: Resource, ...verbs: (Right['verb'] | false)[]): Right[] {
  return verbs.flatMap((verb) => (verb === false ? [] : [{ verb, resource }]));
}

/** The rights that a user needs to bring a session to its end; those that only improve messages are not among them. */
import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { commandOf, type SessionHooks } from '#src/domain/hooks/hooks.ts';
import type { InPlaceMethod, StopMethod } from '#src/domain/in-place/record.ts';
import type { Right } from '#src/domain/rights.ts';
import { type TargetKind, targetTypes } from '#src/domain/workload/kinds.ts';

import type { Executor } from '#src/session/holding/executor.ts';

const execRights: readonly Right[] = (['get', 'create'] as const).map((verb) => ({
  ...{ verb, resource: pods, subresource: 'exec' },
}));

/** For hooks that are commands. */
export const rightsForExec: readonly Right[] = [...on(pods, 'list'), ...execRights];

interface Course {
  /** Undefined if unknown before the session exists. */
  readonly executor: Executor | undefined;
  /** The command follows the session to its end, and carries it out if no operator does. */
  readonly wait: boolean;
}

export interface SnapshotCourse extends Course {
  /** The command has to create the configuration. */
  readonly fresh: boolean;
  /** The command waits for the configuration's status to see whether an operator answers. */
  readonly probes: boolean;
  /** The command applies a retention policy. */
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
    // The command deletes a configuration that it created only to see whether an operator answers.
    ...on(backupConfigurations, fresh && !wait && executor === undefined && 'delete'),
    ...session(backupSessions, volumeSnapshots, { executor, wait }),
    ...on(volumeSnapshots, prunes && 'delete'),
    // It deletes nothing that an unfinished restore needs.
    ...on(restoreSessions, prunes && 'list'),
  ];
}

/**
 * The rights to run hooks in a target's pods; `kind`: the target's, if it is known. For an exec, API servers before
 * 1.35 demand `get`, later ones `get` and `create`.
 */
export function rightsForHooks(
  { pre, post }: Pick<SessionHooks, 'pre' | 'post'>,
  kind: TargetKind | undefined,
): Right[] {
  const runsCommands = [pre, post].some((hook) => hook && commandOf(hook));
  const podsThrough = kind && targetTypes[kind].podsThrough;
  return [
    ...on(pods, 'list'),
    // A Deployment controls its pods through ReplicaSets.
    ...(podsThrough ? on(podsThrough, 'get') : []),
    ...(runsCommands ? execRights : []),
  ];
}

export function rightsForRestore(course: Course): Right[] {
  return session(restoreSessions, persistentVolumeClaims, course);
}

/** For `browse`, `cp` and `diff`: they restore a claim, run a pod, and delete both with their session. */
export const rightsForFiles: readonly Right[] = [
  ...on(restoreSessions, 'create', 'patch', 'get', 'list', 'delete'),
  ...on(persistentVolumeClaims, 'create', 'get', 'list', 'watch'),
  ...on(pods, 'create', 'get', 'list', 'watch'),
  ...execRights,
];

/** To keep the present volumes, and to reserve the new ones for their claims. */
export const rightsOnVolumes: readonly Right[] = on(persistentVolumes, 'get', 'list', 'watch', 'patch');

/** For a restore in place, which only the command line carries out. */
export function rightsForInPlace(
  kind: TargetKind,
  stop: StopMethod,
  method: InPlaceMethod = 'swap',
): Right[] {
  const { resource } = targetTypes[kind];
  return [
    ...rightsForRestore({ executor: 'local', wait: true }),
    ...on(persistentVolumeClaims, 'patch', 'delete'),
    ...on(pods, 'list', 'watch', 'delete'),
    ...(stop === 'scale' ? [{ verb: 'patch', resource, subresource: 'scale' } as const] : []),
    // The change of an annotation wakes its controller.
    ...on(resource, stop === 'gate' && kind === 'StatefulSet' && 'patch'),
    ...(method === 'swap' ? rightsOnVolumes : []),
  ];
}

/** The reads are needed if an operator turns out to carry the session out, or if a name is taken. */
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

/** Lists the rights that a user needs to bring a session to its end, without those that only improve messages. */
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

/** The rights for hooks that are commands. */
export const rightsForExec: readonly Right[] = [...on(pods, 'list'), ...execRights];

interface Course {
  /** Undefined if not known before the session exists. */
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
    // Retention reads RestoreSessions, because it deletes nothing that an unfinished restore needs.
    ...on(restoreSessions, prunes && 'list'),
  ];
}

/**
 * Returns the rights to run hooks in a target's pods. `kind` is the kind of the target, if known. For an exec, API
 * servers before 1.35 demand `get`, later ones `get` and `create`.
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

/** The rights for `browse`, `cp` and `diff`, which restore a claim, run a pod, and delete both with their session. */
export const rightsForFiles: readonly Right[] = [
  ...on(restoreSessions, 'create', 'patch', 'get', 'list', 'delete'),
  ...on(persistentVolumeClaims, 'create', 'get', 'list', 'watch'),
  ...on(pods, 'create', 'get', 'list', 'watch'),
  ...execRights,
];

/** The rights to keep the present volumes, and to reserve the new volumes for their claims. */
export const rightsOnVolumes: readonly Right[] = on(persistentVolumes, 'get', 'list', 'watch', 'patch');

/** Returns the rights for a restore in place, which only the command line carries out. */
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
    // A changed annotation wakes the StatefulSet controller.
    ...on(resource, stop === 'gate' && kind === 'StatefulSet' && 'patch'),
    ...(method === 'swap' ? rightsOnVolumes : []),
  ];
}

/** The command needs the reads if an operator turns out to carry the session out, or if a name is taken. */
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

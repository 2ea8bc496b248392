/** Finds the objects that the words of `delete` name in a namespace. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { StashError } from '#src/errors.ts';

import { resourceOf, type ObjectArgument } from '#src/domain/arguments/object-arguments.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { nearest } from '#src/domain/nearest.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import type { DeleteScene } from './delete-effects.ts';
import { restorePoints, snapshotsOfPoint, type RestorePoint } from './restore-points.ts';

/** @throws StashError 'not-found'; 'precondition' if a name without a type may mean several objects */
export function objectsNamed(
  { type, name }: ObjectArgument,
  scene: DeleteScene,
  namespace: string,
): readonly Stored<KubernetesObject>[] {
  const all = [...scene.snapshots, ...scene.backupSessions, ...scene.restoreSessions].filter(
    ({ kind }) => type === undefined || kind.toLowerCase() === type,
  );
  const objects = all.filter(({ metadata }) => metadata.name === name);
  const points = type === undefined ? pointsOf(scene, (point) => point.session === name) : [];
  const ofPoint = points.flatMap(snapshotsOfPoint);
  const isOnlyPoint = objects.every((object) => ofPoint.length === 1 && ofPoint[0] === object);
  if (ofPoint.length > 0 && isOnlyPoint) return ofPoint;
  const [first, second] = objects;
  if (first !== undefined && second === undefined && ofPoint.length === 0) return [first];
  if (first !== undefined) throw ambiguous(name, objects, ofPoint, namespace);
  const near = nearest(
    name,
    all.map(({ metadata }) => metadata.name),
  );
  const isTyped = type !== undefined;
  throw new StashError(
    'not-found',
    `${isTyped ? type : 'no session, snapshot or restore point'} "${name}"${isTyped ? ' not found' : ''} in namespace ${namespace}`,
    {
      hint:
        near !== undefined
          ? `did you mean ${isTyped ? `${type}/` : ''}${near}?`
          : isTyped
            ? commandLine`kubectl get ${resourceOf(type).plural} -n ${namespace}`
            : commandLine`kubectl stash list -n ${namespace}`,
    },
  );
}

function ambiguous(
  name: string,
  objects: readonly Stored<KubernetesObject>[],
  ofPoint: readonly KubernetesObject[],
  namespace: string,
): StashError {
  const kinds = objects.map(({ kind }) => kind.toLowerCase());
  const what = [...kinds, ...(ofPoint.length > 0 ? ['restore point'] : [])].map((each) => `a ${each}`);
  return new StashError('precondition', `${name} is ${what.join(' and ')}`, {
    hint: [
      ...kinds.flatMap((kind) => [
        `the ${kind} alone:`,
        commandLine`kubectl stash delete ${kind}/${name} -n ${namespace}`,
      ]),
      ...(ofPoint.length > 0 ? ['all snapshots of the restore point:', deletePoint(name, namespace)] : []),
    ].join('\n'),
  });
}

/**
 * Returns the error for a workload, which does not say what to delete. `scheduled`: the workload has a
 * BackupConfiguration.
 */
export function workloadNamed(target: Target, scene: DeleteScene, scheduled: boolean): StashError {
  const { namespace } = target;
  const named = formatTarget(target);
  const points = pointsOf(
    scene,
    (point) => point.target !== undefined && formatTarget(point.target) === named,
  );
  const [newest] = points;
  const pointHint =
    newest === undefined
      ? []
      : [
          `the newest of its ${points.length === 1 ? 'restore points' : `${points.length} restore points`}:`,
          deletePoint(newest.session, namespace),
          'another of them:',
          commandLine`kubectl stash list ${named} -n ${namespace}`,
        ];
  const scheduleHint = scheduled
    ? ['its schedule:', commandLine`kubectl stash delete schedule ${named} -n ${namespace}`]
    : [];
  const hint = [...pointHint, ...scheduleHint];
  return new StashError('usage', `${named} is a workload: say what of it to delete`, {
    hint: hint.length === 0 ? commandLine`kubectl stash list -n ${namespace}` : hint.join('\n'),
  });
}

function deletePoint(session: string, namespace: string): string {
  return commandLine`kubectl stash delete --restore-point ${session} -n ${namespace}`;
}

function pointsOf(
  { snapshots, backupSessions }: DeleteScene,
  wanted: (point: RestorePoint) => boolean,
): RestorePoint[] {
  return restorePoints(snapshots, backupSessions).filter(
    (point) => wanted(point) && snapshotsOfPoint(point).length > 0,
  );
}

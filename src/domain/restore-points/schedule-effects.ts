/** Says what the deletion of a BackupConfiguration affects. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';

import { joinEffects, runningEffects, type DeleteEffects, type DeleteScene } from './delete-effects.ts';
import { restorePoints, snapshotsOfPoint } from './restore-points.ts';

export function scheduleEffects(
  { metadata: { name, uid }, spec }: Stored<BackupConfiguration>,
  { snapshots, backupSessions }: Pick<DeleteScene, 'snapshots' | 'backupSessions'>,
): DeleteEffects {
  const sessions = backupSessions.filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.uid === uid),
  );
  const points = restorePoints(snapshots, backupSessions).filter(
    (point) => point.invoker === name && snapshotsOfPoint(point).length > 0,
  );
  const [newest] = points;
  const also = sessions.length === 0 ? '' : `, and with it ${counted(sessions.length, 'backupsession')}`;
  const stays =
    newest === undefined
      ? 'it has no restore points'
      : `${counted(points.length, 'restore point')} ${points.length === 1 ? 'stays' : 'stay'}, the newest ${newest.session}`;
  const notes = [`schedule "${spec.schedule ?? ''}" would be deleted${also}`, stays];
  return joinEffects([
    {
      notes: notes.map((note) => `backupconfiguration/${name}: ${note}`),
      refusals: [],
      unlessForced: [],
    },
    ...sessions.map((session) => runningEffects('backupsession', session)),
  ]);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Fields that a BackupConfiguration and a RestoreSession share. */
import { interimVolumeTemplate, repository, task, tempDir } from './restic.ts';
import { choice, kept, string } from '../schema.ts';

export const sharedSpec = {
  driver: choice(
    'Driver of the session: Restic copies files, VolumeSnapshotter takes volume snapshots.',
    ['Restic', 'VolumeSnapshotter'],
    'Restic',
  ),
  timeOut: string('Time limit of a session, such as 10m.'),
  runtimeSettings: kept('Settings of the pods that carry out sessions.'),
  repository,
  task,
  tempDir,
  interimVolumeTemplate,
};

/** Fields that a BackupConfiguration and a RestoreSession share. */
import { interimVolumeTemplate, repository, task, tempDir } from './restic.ts';
import { choice, kept, string } from '../schema.ts';

export const sharedSpec = {
  driver: choice(
    'Who does the work: Restic copies files, VolumeSnapshotter takes volume snapshots.',
    ['Restic', 'VolumeSnapshotter'],
    'Restic',
  ),
  timeOut: string('How long a session may take, such as 10m.'),
  runtimeSettings: kept('Settings of the pods that do the work.'),
  repository,
  task,
  tempDir,
  interimVolumeTemplate,
};

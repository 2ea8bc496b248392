import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';

/** The kinds whose objects commands make and delete. */
export const writtenKinds: readonly Resource[] = [
  backupConfigurations,
  backupSessions,
  restoreSessions,
  volumeSnapshots,
  persistentVolumeClaims,
];

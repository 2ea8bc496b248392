import type { CustomResourceDefinition } from '../kubernetes.ts';
import { backupConfigurationDefinition } from './backup-configuration.ts';
import { backupSessionDefinition } from './backup-session.ts';
import { restoreSessionDefinition } from './restore-session.ts';

/** The three kinds, ready to be applied to a server. */
export const stashCrds: CustomResourceDefinition[] = [
  backupConfigurationDefinition,
  backupSessionDefinition,
  restoreSessionDefinition,
];

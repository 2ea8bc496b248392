import type { CustomResourceDefinition } from '../kubernetes.ts';
import { backupConfigurationDefinition } from './backup-configuration.ts';
import { backupSessionDefinition } from './backup-session.ts';
import { restoreSessionDefinition } from './restore-session.ts';

/** Stash's three CRDs, ready to be applied to a cluster. */
export const stashCrds: CustomResourceDefinition[] = [
  backupConfigurationDefinition,
  backupSessionDefinition,
  restoreSessionDefinition,
];

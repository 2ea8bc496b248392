/** One reconciler for each of the three kinds. */
import { backupConfigurationReconciler } from './backup-configuration.ts';
import { backupSessionReconciler } from './backup-session.ts';
import { restoreSessionReconciler } from './restore-session.ts';
import type { ReconcilerFactory } from './run-operator.ts';

export const reconcilers: readonly ReconcilerFactory[] = [
  backupConfigurationReconciler,
  backupSessionReconciler,
  restoreSessionReconciler,
];

/** The schedule of a BackupConfiguration that was created for snapshots by hand. */
import type { BackupConfiguration } from '#src/api/stash.ts';

/**
 * The schedule of a configuration whose sessions the command line creates. It is never due, because the configuration
 * is paused; a date that never comes would not do, as some parsers reject it.
 */
export const placeholderSchedule = '0 0 1 1 *';

/** Whether the configuration was created for snapshots by hand, with a placeholder as its schedule. */
export function isPlaceholder({ spec }: Pick<BackupConfiguration, 'spec'>): boolean {
  return spec.paused === true && spec.schedule === placeholderSchedule;
}

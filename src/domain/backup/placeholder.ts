/** The schedule of a BackupConfiguration for snapshots on demand. */
import type { BackupConfiguration } from '#src/api/stash.ts';

/**
 * The schedule of a configuration whose sessions the command line creates. No session of it is ever due, because the
 * configuration is paused. A date that never comes, such as February 30, would not do: some parsers reject it.
 */
export const placeholderSchedule = '0 0 1 1 *';

/** Whether the command line created the configuration for snapshots on demand, with a placeholder as its schedule. */
export function isPlaceholder({ spec }: Pick<BackupConfiguration, 'spec'>): boolean {
  return spec.paused === true && spec.schedule === placeholderSchedule;
}

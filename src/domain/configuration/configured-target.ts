/** What a BackupConfiguration is for, and whether a snapshot of it can be taken. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { commandLine } from '#src/domain/command-line.ts';
import { placeholderSchedule } from '#src/domain/backup/build-backup.ts';
import { nearest } from '#src/domain/nearest.ts';
import { checkConfiguration, configuredTarget } from '#src/domain/operator/check-configuration.ts';
import type { Target } from '#src/domain/workload/target.ts';

/** Throws `not-found` with what was probably meant. */
export function configurationNamed(
  configurations: readonly Stored<BackupConfiguration>[],
  name: string,
  namespace: string,
): Stored<BackupConfiguration> {
  const found = configurations.find(({ metadata }) => metadata.name === name);
  if (found) return found;
  const near = nearest(
    name,
    configurations.map(({ metadata }) => metadata.name),
  );
  throw new StashError('not-found', `backupconfiguration "${name}" not found in namespace ${namespace}`, {
    hint:
      near === undefined
        ? commandLine`kubectl get backupconfigurations -n ${namespace}`
        : `did you mean ${near}?`,
  });
}

/** Throws `precondition` where it is of another driver, or for nothing that has volumes. */
export function targetOfConfiguration(configuration: Stored<BackupConfiguration>): Target {
  const { metadata, spec } = configuration;
  const { name, namespace = '' } = metadata;
  if (spec.driver !== 'VolumeSnapshotter') {
    throw new StashError(
      'precondition',
      `backupconfiguration/${name} has driver ${spec.driver ?? 'Restic'}; only VolumeSnapshotter takes snapshots`,
      { hint: 'name a configuration with driver VolumeSnapshotter' },
    );
  }
  const target = configuredTarget(configuration);
  if (target) return target;
  const [why = 'it has no target'] = checkConfiguration(configuration).problems;
  throw new StashError('precondition', `backupconfiguration/${name}: ${why}`, {
    hint: commandLine`kubectl get backupconfiguration ${name} -n ${namespace} -o yaml`,
  });
}

/** Made for snapshots by hand: its schedule means nothing. */
export function isPlaceholder({ spec }: BackupConfiguration): boolean {
  return spec.paused === true && spec.schedule === placeholderSchedule;
}

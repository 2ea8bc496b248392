/** Finds a BackupConfiguration by name, and its target. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { commandLine } from '#src/domain/command-line.ts';
import { nearest } from '#src/domain/nearest.ts';
import { checkConfiguration, configuredTarget } from '#src/domain/operator/check-configuration.ts';
import type { Target } from '#src/domain/workload/target.ts';

/** @throws StashError 'not-found'; its hint suggests a similar name */
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

/** @throws StashError 'precondition' where the configuration has another driver, or no valid target */
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

/** Chooses the BackupConfiguration for the session of a snapshot. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { accept, noChoice, type Choice } from '#src/domain/finding.ts';
import { nearest } from '#src/domain/nearest.ts';
import { invokerName } from '#src/domain/workload/names.ts';
import { formatTarget, targetApiVersion, type Target } from '#src/domain/workload/target.ts';

/** Returns what `configurationFor` returns, and throws its failure as a StashError. */
export function chooseConfiguration(
  ...asked: Parameters<typeof configurationFor>
): Stored<BackupConfiguration> | undefined {
  return accept(configurationFor(...asked));
}

/**
 * Returns the configuration named `requested`, else the only configuration of the target with driver VolumeSnapshotter.
 * Returns undefined if there is none, and the command can create one because its name is free.
 * @throws StashError 'not-found' if `requested` does not exist, 'precondition' if no configuration can be used
 */
export function configurationFor(
  configurations: readonly Stored<BackupConfiguration>[],
  target: Target,
  requested?: string,
): Choice<Stored<BackupConfiguration> | undefined> {
  if (requested !== undefined) return named(configurations, target, requested);
  const fitting = configurations.filter(
    (configuration) => isFor(configuration, target) && configuration.spec.driver === 'VolumeSnapshotter',
  );
  const [first, second] = fitting;
  if (second !== undefined) {
    const names = fitting.map(({ metadata }) => metadata.name);
    return noChoice(
      'precondition',
      `${fitting.length} backup configurations are for ${formatTarget(target)}: ${names.join(', ')}`,
      { hint: `add ${names.map((name) => commandLine`--config ${name}`).join(', or ')}` },
    );
  }
  if (first !== undefined) return usable(first);
  const own = configurations.find(({ metadata }) => metadata.name === invokerName(target));
  if (own !== undefined) {
    const why =
      own.spec.driver === 'VolumeSnapshotter'
        ? `is for ${describeTarget(own)}`
        : `has driver ${own.spec.driver ?? 'Restic'}`;
    return noChoice(
      'precondition',
      `backupconfiguration/${own.metadata.name} ${why}, so one of that name cannot be created for ${formatTarget(target)}`,
      { hint: 'create one with driver VolumeSnapshotter under another name and pass it as --config NAME' },
    );
  }
  return { value: undefined };
}

function named(
  configurations: readonly Stored<BackupConfiguration>[],
  target: Target,
  name: string,
): Choice<Stored<BackupConfiguration>> {
  const found = configurations.find(({ metadata }) => metadata.name === name);
  if (found === undefined) {
    const near = nearest(
      name,
      configurations.map(({ metadata }) => metadata.name),
    );
    return noChoice('not-found', `backupconfiguration "${name}" not found in namespace ${target.namespace}`, {
      hint:
        near === undefined
          ? commandLine`kubectl get backupconfigurations -n ${target.namespace}`
          : `did you mean ${commandLine`--config ${near}`}?`,
    });
  }
  if (!isFor(found, target)) {
    return noChoice(
      'precondition',
      `backupconfiguration/${name} is for ${describeTarget(found)}, not for ${formatTarget(target)}`,
      { hint: 'omit --config to use or create one for this target' },
    );
  }
  return usable(found);
}

function usable(configuration: Stored<BackupConfiguration>): Choice<Stored<BackupConfiguration>> {
  const { name, deletionTimestamp } = configuration.metadata;
  if (configuration.spec.driver !== 'VolumeSnapshotter') {
    return noChoice(
      'precondition',
      `backupconfiguration/${name} has driver ${configuration.spec.driver ?? 'Restic'}; only VolumeSnapshotter takes snapshots`,
      { hint: 'omit --config, or name a configuration with driver VolumeSnapshotter' },
    );
  }
  if (deletionTimestamp !== undefined) {
    return noChoice('precondition', `backupconfiguration/${name} is being deleted`, {
      hint: 'try again once it is gone',
    });
  }
  return { value: configuration };
}

export function hasHooks({ spec }: BackupConfiguration): boolean {
  return spec.hooks?.preBackup !== undefined || spec.hooks?.postBackup !== undefined;
}

/** Whether the configuration names this target, whatever its driver is. */
export function isFor({ spec: { target: configured } }: BackupConfiguration, target: Target): boolean {
  const ref = configured?.ref;
  const group = (apiVersion: string) => apiVersion.split('/').slice(0, -1).join('');
  return (
    ref?.kind === target.kind &&
    ref.name === target.name &&
    (ref.namespace === undefined || ref.namespace === '' || ref.namespace === target.namespace) &&
    (ref.apiVersion === undefined || group(ref.apiVersion) === group(targetApiVersion(target.kind)))
  );
}

function describeTarget({ spec }: BackupConfiguration): string {
  const { kind, name } = spec.target?.ref ?? {};
  return kind === undefined || name === undefined ? 'no target' : `${kind.toLowerCase()}/${name}`;
}

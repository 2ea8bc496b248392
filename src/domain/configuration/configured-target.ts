/** Finds the BackupConfiguration that a command line names, and its target. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import type { ConfigurationArgument } from '#src/domain/arguments/configuration-arguments.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { nearest } from '#src/domain/nearest.ts';
import { checkConfiguration, configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

import { isFor } from './choose-configuration.ts';

export interface Among {
  readonly configurations: readonly Stored<BackupConfiguration>[];
  readonly namespace: string;
  /** The words of the command that acts on the configuration, for hints: `['delete', 'schedule']`. */
  readonly command: readonly string[];
}

/**
 * Returns the configuration of this name, or the only configuration of this workload. Prefers a configuration whose
 * driver takes snapshots.
 * @throws StashError 'not-found', whose hint suggests a similar name; 'precondition' if several are for the workload
 */
export function configurationMeant(
  argument: ConfigurationArgument,
  among: Among,
): Stored<BackupConfiguration> {
  return 'name' in argument
    ? configurationNamed(argument.name, among)
    : configurationOf(argument.target, among);
}

function configurationNamed(name: string, { configurations, namespace }: Among): Stored<BackupConfiguration> {
  const found = configurations.find(({ metadata }) => metadata.name === name);
  if (found) return found;
  const near = nearest(
    name,
    configurations.map(({ metadata }) => metadata.name),
  );
  throw notFound(`backupconfiguration "${name}" not found`, near, namespace);
}

function configurationOf(
  workload: Pick<Target, 'kind' | 'name'>,
  { configurations, namespace, command }: Among,
): Stored<BackupConfiguration> {
  const target = { ...workload, namespace };
  const all = configurations.filter((each) => isFor(each, target));
  const snapshotting = all.filter(({ spec }) => spec.driver === 'VolumeSnapshotter');
  const found = snapshotting.length > 0 ? snapshotting : all;
  const [first, second] = found;
  if (first === undefined) {
    const targets = configurations.flatMap((each) => configuredTarget(each) ?? []).map(formatTarget);
    const near = nearest(formatTarget(target), targets);
    throw notFound(`no backupconfiguration is for ${formatTarget(target)}`, near, namespace);
  }
  if (second === undefined) return first;
  throw new StashError(
    'precondition',
    `${found.length} backup configurations are for ${formatTarget(target)}: name one of them`,
    {
      hint: [
        ...found
          .slice(0, mostShown)
          .map(({ metadata }) => commandLine`kubectl stash ${command} ${metadata.name} -n ${namespace}`),
        ...(found.length > mostShown ? [commandLine`kubectl get backupconfigurations -n ${namespace}`] : []),
      ].join('\n'),
    },
  );
}

const mostShown = 5;

function notFound(what: string, near: string | undefined, namespace: string): StashError {
  return new StashError('not-found', `${what} in namespace ${namespace}`, {
    hint:
      near === undefined
        ? commandLine`kubectl get backupconfigurations -n ${namespace}`
        : `did you mean ${near}?`,
  });
}

/** @throws StashError 'precondition' if the configuration has another driver, or no valid target */
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

/** Checks that there is one VolumeSnapshotClass to use for the driver of each claim. */
import type { Stored, VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { persistentVolumeClaims, volumeSnapshotClasses } from '#src/api/resources.ts';
import { chooseSnapshotClass } from '#src/domain/backup/snapshot-class.ts';
import type { Choice, Finding } from '#src/domain/finding.ts';
import { commandLine } from '#src/domain/command-line.ts';

import { whereRead, type CheckOfTarget, type Facts, type Subject } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';
import { claimsByDriver } from './drivers.ts';

export const snapshotClasses: CheckOfTarget = {
  name: 'snapshot-classes',
  of: 'target',
  about:
    'There is one snapshot class to use for the driver of each claim: the one that the configuration names, the only default, or the only one.',
  after: ['snapshot-api', 'csi-driver'],
  lists: [persistentVolumeClaims, volumeSnapshotClasses],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) =>
      whereRead(facts.listed(volumeSnapshotClasses), (classes) => {
        const byDriver = [...claimsByDriver(facts, claims)];
        return byDriver.map(([driver, [claim]]) =>
          ofDriver(driver, claim?.metadata.name ?? '', classes, subject),
        );
      }),
    ),
};

/** Returns the classes that a snapshot of the subject would use, each once. Ignores claims without a class. */
export function chosenClasses(facts: Facts, subject: Subject): readonly Stored<VolumeSnapshotClass>[] {
  const chosen = new Map<string, Stored<VolumeSnapshotClass>>();
  whereClaims(facts, subject, (_, claims) =>
    whereRead(facts.listed(volumeSnapshotClasses), (classes) => {
      for (const [driver, [claim]] of claimsByDriver(facts, claims)) {
        const choice = choiceFor(driver, claim?.metadata.name ?? '', classes, subject.configuration);
        if ('value' in choice) chosen.set(choice.value.metadata.name, choice.value);
      }
      return [];
    }),
  );
  return [...chosen.values()];
}

function choiceFor(
  driver: string,
  claim: string,
  classes: readonly Stored<VolumeSnapshotClass>[],
  configuration: Subject['configuration'],
): Choice<Stored<VolumeSnapshotClass>> {
  const configured = configuration?.spec.target?.snapshotClassName;
  return chooseSnapshotClass({ claim, driver, configured, classes });
}

function ofDriver(
  driver: string,
  claim: string,
  classes: readonly Stored<VolumeSnapshotClass>[],
  { configuration }: Subject,
): Finding {
  const choice = choiceFor(driver, claim, classes, configuration);
  if ('value' in choice) {
    const { name } = choice.value.metadata;
    return { level: 'ok', message: `class ${name} is used for driver ${driver}` };
  }
  const fitting = classes.filter((each) => each.driver === driver).sort(byName);
  const [first, ...others] = fitting.filter(isDefault);
  const wanted = first ?? fitting[0];
  return { ...choice.failure, fix: wanted && fixWith(wanted, others, configuration) };
}

/**
 * Returns the command that makes `wanted` the class of the driver: in the configuration if that names another class,
 * else as the only default.
 */
function fixWith(
  { metadata: { name } }: Stored<VolumeSnapshotClass>,
  otherDefaults: readonly Stored<VolumeSnapshotClass>[],
  configuration: Subject['configuration'],
): string {
  const { snapshotClassName = '' } = configuration?.spec.target ?? {};
  if (configuration && snapshotClassName !== '') {
    const { name: of, namespace = '' } = configuration.metadata;
    const patch = JSON.stringify({ spec: { target: { snapshotClassName: name } } });
    return commandLine`kubectl patch backupconfiguration ${of} -n ${namespace} --type=merge -p ${patch}`;
  }
  const isDefault = annotation.defaultSnapshotClass;
  const others = otherDefaults.map(({ metadata }) => metadata.name);
  return others.length > 0
    ? commandLine`kubectl annotate volumesnapshotclass ${others} ${isDefault}-`
    : commandLine`kubectl annotate volumesnapshotclass ${name} ${isDefault}=true --overwrite`;
}

function isDefault({ metadata }: VolumeSnapshotClass): boolean {
  return metadata.annotations?.[annotation.defaultSnapshotClass] === 'true';
}

function byName(one: Stored<VolumeSnapshotClass>, other: Stored<VolumeSnapshotClass>): number {
  return one.metadata.name < other.metadata.name ? -1 : 1;
}

/** Chooses the VolumeSnapshotClass for a claim. */
import type { PersistentVolume, PersistentVolumeClaim, VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { noChoice, type Choice } from '#src/domain/finding.ts';
import { nearest } from '#src/domain/nearest.ts';
import { sanitize } from '#src/domain/sanitize.ts';

/** The fields of a PersistentVolume's spec that are objects but not the volume source. */
const notSources = new Set(['capacity', 'claimRef', 'nodeAffinity']);

/**
 * Returns the driver that the claim's provisioner annotation names, if a snapshot class names it, too. It is then a CSI
 * driver, and the command need not read the PersistentVolumes, which are cluster-scoped and may be many.
 */
export function annotatedDriver(
  { metadata }: PersistentVolumeClaim,
  classes: readonly VolumeSnapshotClass[],
): string | undefined {
  const provisioner = metadata.annotations?.['volume.kubernetes.io/storage-provisioner'];
  return classes.some(({ driver }) => driver === provisioner) ? provisioner : undefined;
}

/**
 * Returns the CSI driver of a claim's volume, or a failure 'precondition' if the volume does not exist or is not a CSI
 * volume.
 */
export function driverOf(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined): Choice<string> {
  const name = claim.metadata.name ?? '';
  if (volume === undefined) {
    return noChoice(
      'precondition',
      `volume ${claim.spec.volumeName ?? '(none)'} of claim ${name} does not exist`,
      { hint: commandLine`kubectl describe pvc ${name} ${inNamespace(claim.metadata.namespace)}` },
    );
  }
  if (volume.spec.csi) return { value: volume.spec.csi.driver };
  const source = Object.entries(volume.spec).find(
    ([field, value]) => typeof value === 'object' && !Array.isArray(value) && !notSources.has(field),
  );
  return noChoice(
    'precondition',
    `claim ${name} cannot be snapshotted: its volume has no CSI driver (it is ${source?.[0] ?? 'of an unknown type'})`,
    {
      hint: 'copy the data to a claim whose class has a CSI driver\nkubectl get storageclass',
    },
  );
}

/**
 * Chooses the class of the command line, else the configuration's, else the driver's default class, else its only
 * class. Returns a failure 'not-found' if the wanted class does not exist; 'precondition' if it belongs to another
 * driver, if the driver has no class, or if it has several classes and no single default.
 */
export function chooseSnapshotClass<C extends VolumeSnapshotClass>(options: {
  readonly claim: string;
  readonly driver: string;
  /** `--snapshot-class` */
  readonly requested?: string | undefined;
  /** `target.snapshotClassName` */
  readonly configured?: string | undefined;
  readonly classes: readonly C[];
}): Choice<C> {
  const { claim, driver, requested, configured, classes } = options;
  const wanted = [requested, configured].find((name) => name !== undefined && name !== '');
  const fitting = classes
    .filter((each) => each.driver === driver)
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  if (wanted !== undefined) return named(wanted, options, fitting);

  const defaults = fitting.filter(
    ({ metadata }) => metadata.annotations?.[annotation.defaultSnapshotClass] === 'true',
  );
  const candidates = defaults.length > 0 ? defaults : fitting;
  const [first, ...others] = candidates;
  if (first === undefined) {
    return noChoice('precondition', `no volume snapshot class for driver ${driver} (claim ${claim})`, {
      hint: `create one with "driver: ${sanitize(driver)}"; ${existing(classes)}`,
    });
  }
  if (others.length === 0) return { value: first };
  const names = candidates.map(nameOf).join(', ');
  return noChoice(
    'precondition',
    defaults.length > 0
      ? `driver ${driver} (claim ${claim}) has ${defaults.length} default volume snapshot classes: ${names}`
      : `driver ${driver} (claim ${claim}) has ${fitting.length} volume snapshot classes and no default: ${names}`,
    { hint: choose(candidates) },
  );
}

function named<C extends VolumeSnapshotClass>(
  wanted: string,
  { claim, driver, classes }: { claim: string; driver: string; classes: readonly C[] },
  fitting: readonly C[],
): Choice<C> {
  const found = classes.find((each) => nameOf(each) === wanted);
  if (found === undefined) {
    // Classes of other drivers are no suggestion: the command would refuse them, too.
    const near = nearest(wanted, fitting.map(nameOf));
    return noChoice('not-found', `volume snapshot class ${wanted} does not exist`, {
      hint: near === undefined ? existing(classes) : `did you mean ${commandLine`--snapshot-class ${near}`}?`,
    });
  }
  if (found.driver !== driver) {
    return noChoice(
      'precondition',
      `volume snapshot class ${wanted} is of driver ${found.driver}, claim ${claim} of driver ${driver}`,
      { hint: fitting.length > 0 ? choose(fitting) : existing(classes) },
    );
  }
  return { value: found };
}

function choose(classes: readonly VolumeSnapshotClass[]): string {
  return `add ${classes.map((each) => commandLine`--snapshot-class ${nameOf(each)}`).join(', or ')}`;
}

function existing(classes: readonly VolumeSnapshotClass[]): string {
  const list = classes.map((each) => sanitize(`${nameOf(each)} (driver ${each.driver})`)).join(', ');
  return `there ${classes.length === 1 ? 'is' : 'are'} ${list === '' ? 'none' : list}\nkubectl get volumesnapshotclass`;
}

function nameOf({ metadata }: VolumeSnapshotClass): string {
  return metadata.name ?? '';
}

/** Finds the StorageClass of a restored claim, and whether it binds at once. */
import type { Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { nearest } from '#src/domain/nearest.ts';

/** Returns the name of the class that the template asks for. Undefined if it asks for the default class. */
export function classNameOf({ metadata, spec }: VolumeClaimTemplate): string | undefined {
  return metadata.annotations?.[annotation.betaStorageClass] ?? spec.storageClassName;
}

/**
 * Returns the class that a claim of this template gets. Undefined if it does not exist, or if there is no default
 * class.
 */
export function classOfTemplate(
  template: VolumeClaimTemplate,
  classes: readonly Stored<StorageClass>[],
): Stored<StorageClass> | undefined {
  const wanted = classNameOf(template);
  return wanted === undefined ? defaultOf(classes) : classes.find(({ metadata }) => metadata.name === wanted);
}

/**
 * Chooses the default class as the API server does: the newest class that is marked as default; among equally new ones,
 * the first by name.
 */
function defaultOf(classes: readonly Stored<StorageClass>[]): Stored<StorageClass> | undefined {
  const marks = [annotation.defaultStorageClass, annotation.betaDefaultStorageClass];
  const [first] = classes
    .filter(({ metadata }) => marks.some((mark) => metadata.annotations?.[mark] === 'true'))
    .sort(
      ({ metadata: a }, { metadata: b }) =>
        b.creationTimestamp.localeCompare(a.creationTimestamp) || (a.name < b.name ? -1 : 1),
    );
  return first;
}

/** Whether a claim of this template is bound only when a pod uses it. */
export function bindsLate(template: VolumeClaimTemplate, classes: readonly Stored<StorageClass>[]): boolean {
  return classOfTemplate(template, classes)?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** Returns a hint for commands that have the flag. */
export function addClass(name: string): string {
  return `add --storage-class ${name}`;
}

/**
 * Returns a failure 'not-found' for each template whose class does not exist. `hasFlag`: the command has a flag
 * `--storage-class`, which the hint then proposes.
 */
export function missingStorageClasses(
  templates: readonly VolumeClaimTemplate[],
  classes: readonly Stored<StorageClass>[],
  hasFlag: boolean,
): Failure[] {
  return templates.flatMap((template) => {
    const { metadata } = template;
    const wanted = classNameOf(template) ?? '';
    if (wanted === '' || classOfTemplate(template, classes)) return [];
    const near = nearest(
      wanted,
      classes.map((each) => each.metadata.name),
    );
    const hint = [...(hasFlag ? [addClass(near ?? 'NAME')] : []), 'kubectl get storageclass'].join('\n');
    const message = `storage class ${wanted} of claim ${metadata.name ?? ''} does not exist`;
    return [failure('not-found', message, { hint })];
  });
}

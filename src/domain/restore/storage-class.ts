/** Finds a claim's storage class, and when it binds. */
import type { Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';

/** The class that a claim of this template gets; undefined where it does not exist, or there is no default class. */
export function classOfTemplate(
  { spec: { storageClassName } }: VolumeClaimTemplate,
  classes: readonly Stored<StorageClass>[],
): Stored<StorageClass> | undefined {
  return classes.find(({ metadata }) =>
    storageClassName === undefined
      ? metadata.annotations?.[annotation.defaultStorageClass] === 'true'
      : metadata.name === storageClassName,
  );
}

/** Whether a claim of this template is bound only once a pod uses it. */
export function bindsLate(template: VolumeClaimTemplate, classes: readonly Stored<StorageClass>[]): boolean {
  return classOfTemplate(template, classes)?.volumeBindingMode === 'WaitForFirstConsumer';
}

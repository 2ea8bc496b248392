/** Finds the StorageClass of a restored claim, and when it binds. */
import type { Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { nearest } from '#src/domain/nearest.ts';

import type { RestoreWords } from './restore-command.ts';

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

/**
 * A failure `not-found` for each template whose class does not exist. `words`: left out for a RestoreSession from a
 * file.
 */
export function missingStorageClasses(
  templates: readonly VolumeClaimTemplate[],
  classes: readonly Stored<StorageClass>[],
  words: RestoreWords | undefined,
): Failure[] {
  return templates.flatMap((template) => {
    const { metadata, spec } = template;
    const { storageClassName: wanted = '' } = spec;
    if (wanted === '' || classOfTemplate(template, classes)) return [];
    const near = nearest(
      wanted,
      classes.map((each) => each.metadata.name),
    );
    const hint = [
      ...(words ? [`add --storage-class ${near ?? 'NAME'}`] : []),
      'kubectl get storageclass',
    ].join('\n');
    const message = `storage class ${wanted} of claim ${metadata.name ?? ''} does not exist`;
    return [failure('not-found', message, { hint })];
  });
}

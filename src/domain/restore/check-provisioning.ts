/** Finds claims that would stay Pending, because no driver can fill their volume from the snapshot. */
import type { Stored, StorageClass } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { restoreCommand, type RestoreWords } from './restore-command.ts';
import type { SnapshotOrigin } from './snapshot-origin.ts';
import { addClass, classNameOf, classOfTemplate } from './storage-class.ts';

/** The prefix of in-tree provisioners. Kubernetes translates them to a CSI driver with another name. */
const inTree = 'kubernetes.io/';
const noProvisioner = 'kubernetes.io/no-provisioner';

export interface ProvisioningScene {
  /** Undefined if the user may not read storage classes. */
  readonly classes: readonly Stored<StorageClass>[] | undefined;
  /** By the name of the snapshot. */
  readonly origins: ReadonlyMap<string, SnapshotOrigin>;
  /** Left out for a RestoreSession from a file. */
  readonly words: RestoreWords | undefined;
  /** See `missingStorageClasses`. Default: whether there are `words`. */
  readonly hasFlag?: boolean;
}

/** Returns a failure 'precondition' for each template whose class or volumeMode does not fit its snapshot. */
export function unfitTemplates(
  templates: readonly VolumeClaimTemplate[],
  scene: ProvisioningScene,
): Failure[] {
  const { classes, origins } = scene;
  return templates.flatMap((template) => {
    const origin = origins.get(template.spec.dataSource?.name ?? '');
    const why =
      (classes && whyWrongClass(template, classes, origin?.driver, scene)) ?? whyWrongMode(template, origin);
    return why === undefined ? [] : [why];
  });
}

function whyWrongClass(
  template: VolumeClaimTemplate,
  classes: readonly Stored<StorageClass>[],
  driver: string | undefined,
  scene: ProvisioningScene,
): Failure | undefined {
  const wanted = classNameOf(template);
  const found = classOfTemplate(template, classes);
  // `missingStorageClasses` reports a class that does not exist.
  if (found === undefined && wanted !== undefined && wanted !== '') return undefined;
  const claim = `claim ${template.metadata.name ?? ''}`;
  const snapshot = `snapshot ${template.spec.dataSource?.name ?? ''}`;
  const hint = waysOn(classes, driver, scene);
  if (found === undefined) {
    const why =
      wanted === '' ? 'has the empty storage class' : 'names no storage class, and there is no default';
    return failure('precondition', `${claim} ${why}: no driver would make its volume`, { hint });
  }
  const { provisioner, metadata } = found;
  if (provisioner === noProvisioner) {
    const message = `storage class ${metadata.name} of ${claim} has no driver that makes volumes`;
    return failure('precondition', message, { hint });
  }
  if (driver === undefined || provisioner === driver || provisioner.startsWith(inTree)) return undefined;
  const which = wanted === undefined ? `${metadata.name}, the default,` : metadata.name;
  return failure(
    'precondition',
    sanitize(
      `storage class ${which} of ${claim} is of driver ${provisioner}, and ${snapshot} of driver ${driver}: no driver restores the snapshot of another`,
    ),
    { hint },
  );
}

/** Returns hints that name a class of the driver, if known. */
function waysOn(
  classes: readonly Stored<StorageClass>[],
  driver: string | undefined,
  { words, hasFlag = false }: ProvisioningScene,
): string {
  const fitting = classes
    .filter(({ provisioner }) => provisioner === driver)
    .map(({ metadata }) => metadata.name);
  return [
    ...(words ? fitting.map((storageClass) => restoreCommand(words, { storageClass })) : []),
    ...(!words && hasFlag ? fitting.map((name) => sanitize(addClass(name))) : []),
    ...(!words && !hasFlag && fitting.length > 0
      ? [`write storageClassName: ${sanitize(fitting.join(', or '))}`]
      : []),
    'kubectl get storageclass',
  ].join('\n');
}

function whyWrongMode(
  template: VolumeClaimTemplate,
  origin: SnapshotOrigin | undefined,
): Failure | undefined {
  const wanted = template.spec.volumeMode ?? 'Filesystem';
  if (origin?.volumeMode === undefined || origin.volumeMode === wanted || origin.mayChangeMode !== false)
    return undefined;
  const { metadata, spec } = template;
  return failure(
    'precondition',
    `claim ${metadata.name ?? ''} has volumeMode ${wanted}, and the volume of snapshot ${spec.dataSource?.name ?? ''} had ${origin.volumeMode}`,
    {
      hint: `write volumeMode: ${origin.volumeMode}, or have an administrator allow the change on the snapshot's content`,
    },
  );
}

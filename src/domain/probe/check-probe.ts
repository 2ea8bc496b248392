/** Refuses a probe that cannot succeed, or would leave objects behind, before the command creates anything. */
import type { StorageClass, Stored, VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { jobs, type Resource } from '#src/api/resources.ts';
import { chooseSnapshotClass } from '#src/domain/backup/snapshot-class.ts';
import { failure, type Choice, type Failure } from '#src/domain/finding.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { demandOfClaims, demandOfSnapshots } from '#src/domain/quota/demand.ts';
import type { Demand } from '#src/domain/quota/quota-budget.ts';
import { unfitTemplates } from '#src/domain/restore/check-provisioning.ts';
import { classOfTemplate, missingStorageClasses } from '#src/domain/restore/storage-class.ts';
import type { Right } from '#src/domain/rights.ts';

import { buildRestored, sourceName, type ProbeWishes } from './build-probe.ts';

export interface AskedProbe extends Omit<ProbeWishes, 'storageClass' | 'snapshotClass'> {
  /** Undefined for the default class. */
  readonly storageClass: string | undefined;
  /** Undefined for the class that a snapshot of the driver would use. */
  readonly snapshotClass: string | undefined;
}

export interface ProbeClasses {
  readonly storage: readonly Stored<StorageClass>[];
  readonly snapshot: readonly Stored<VolumeSnapshotClass>[];
}

/** Some drivers make no smaller volumes. */
export const defaultSize = '1Gi';

/** Returns a failure for a size that is no quantity of bytes. */
export function checkSize(size: string): Failure[] {
  if ((parseQuantity(size) ?? 0n) > 0n) return [];
  return [failure('usage', `--size takes a quantity, not "${size}"`, { hint: `--size ${defaultSize}` })];
}

/**
 * Chooses the classes that the user names, or the defaults. Refuses classes that retain data, because the probe deletes
 * everything that it creates.
 */
export function chooseClasses(asked: AskedProbe, { storage, snapshot }: ProbeClasses): Choice<ProbeWishes> {
  const template = buildRestored({ ...asked, storageClass: asked.storageClass ?? '', snapshotClass: '' });
  // A claim without a class name gets the default class; an empty name would ask for no class.
  if (asked.storageClass === undefined) delete template.spec.storageClassName;
  const found = classOfTemplate(template, storage);
  const [unfit] = [
    ...missingStorageClasses([template], storage, false),
    ...unfitTemplates([template], { classes: storage, origins: new Map(), words: undefined }),
  ];
  if (unfit !== undefined || found === undefined) {
    const why = unfit ?? failure('not-found', `storage class ${asked.storageClass ?? ''} does not exist`);
    return { failure: { ...why, hint: 'kubectl get storageclass' } };
  }
  if (found.reclaimPolicy === 'Retain')
    return { failure: retains('storage class', found.metadata.name, 'reclaimPolicy') };
  const chosen = chooseSnapshotClass({
    ...{ claim: sourceName(asked), driver: found.provisioner },
    ...{ requested: asked.snapshotClass, classes: snapshot },
  });
  if ('failure' in chosen) return chosen;
  const {
    deletionPolicy,
    metadata: { name: snapshotClass },
  } = chosen.value;
  if (deletionPolicy === 'Retain')
    return { failure: retains('volume snapshot class', snapshotClass, 'deletionPolicy') };
  return { value: { ...asked, storageClass: found.metadata.name, snapshotClass } };
}

function retains(
  what: 'storage class' | 'volume snapshot class',
  name: string,
  field: 'reclaimPolicy' | 'deletionPolicy',
): Failure {
  const message = `${what} ${name} has ${field} Retain: what a probe makes with it would stay for ever`;
  const [flag, look] =
    field === 'reclaimPolicy'
      ? ['--storage-class', 'kubectl get storageclass']
      : ['--snapshot-class', 'kubectl get volumesnapshotclass'];
  const hint = [`name one with ${field} Delete: ${flag} NAME`, look].join('\n');
  return failure('precondition', message, { hint });
}

/** Returns how much the two claims, the snapshot and the Jobs count in a quota. */
export function demandOfProbe(wishes: ProbeWishes, { storage }: ProbeClasses): Demand {
  const claim = buildRestored(wishes);
  return new Map([
    ...demandOfClaims([claim, claim], storage),
    ...demandOfSnapshots(1),
    [`count/${jobs.plural}.${jobs.group}`, 2n],
  ]);
}

/** `resources` are claims, snapshots, Jobs, pods and the two kinds of class. */
export function rightsForProbe({
  made,
  seen,
  classes,
}: Readonly<Record<'made' | 'seen' | 'classes', readonly Resource[]>>): Right[] {
  const each = (resources: readonly Resource[], ...verbs: Right['verb'][]) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource })));
  return [
    ...each(made, 'create', 'list', 'watch'),
    { verb: 'delete', resource: jobs },
    ...each(seen, 'list', 'watch'),
    ...each(classes, 'list'),
  ];
}

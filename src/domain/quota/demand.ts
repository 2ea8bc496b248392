/** Computes how much the objects that a session creates count in a ResourceQuota. */
import type { Stored, StorageClass } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { classNameOf, classOfTemplate } from '#src/domain/restore/storage-class.ts';

import type { Demand } from './quota-budget.ts';

/** `classes` is undefined if the user may not read them: a claim without a class name then counts for no class. */
export function demandOfClaims(
  templates: readonly VolumeClaimTemplate[],
  classes: readonly Stored<StorageClass>[] | undefined,
): Demand {
  const demand = new Map<string, bigint>();
  const add = (name: string, amount: bigint) => demand.set(name, (demand.get(name) ?? 0n) + amount);
  for (const template of templates) {
    const bytes = parseQuantity(template.spec.resources?.requests?.['storage'] ?? '') ?? 0n;
    const storageClass =
      classNameOf(template) ?? (classes && classOfTemplate(template, classes)?.metadata.name);
    const ofClass = storageClass ? [`${storageClass}.storageclass.storage.k8s.io/`] : [];
    for (const prefix of ['', ...ofClass]) {
      add(`${prefix}persistentvolumeclaims`, 1n);
      add(`${prefix}requests.storage`, bytes);
    }
    add(countOf(persistentVolumeClaims), 1n);
  }
  return demand;
}

export function demandOfSnapshots(count: number): Demand {
  return new Map([[countOf(volumeSnapshots), BigInt(count)]]);
}

function countOf({ plural, group }: Resource): string {
  return `count/${plural}${group === '' ? '' : `.${group}`}`;
}

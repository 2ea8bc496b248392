/** Finds out whether the author of a claim chose its volume: the claim then cannot get another one. */
import type { PersistentVolumeClaim } from '#src/api/kubernetes.ts';
import { managedBy } from '#src/api/labels.ts';
import { readJson } from '#src/domain/json.ts';

import { managersOf } from './managers.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Programs that write the volume that they have found for a claim. k3s and kubelite run the whole control plane in one
 * program.
 */
const binders: readonly (string | undefined)[] = [
  'kube-controller-manager',
  'kube-scheduler',
  'k3s',
  'kubelite',
  managedBy,
];

/** Says who wrote the volume's name into the claim. Undefined if only Kubernetes or this program did. */
export function whoChoseVolume(claim: PersistentVolumeClaim): string | undefined {
  const applied = readJson(claim.metadata.annotations?.[lastApplied]) as
    { readonly spec?: { readonly volumeName?: unknown } | null } | null | undefined;
  if (typeof applied?.spec?.volumeName === 'string' && applied.spec.volumeName !== '') return 'its manifest';
  const writer = managersOf(claim, ['spec', 'volumeName']).find(({ manager }) => !binders.includes(manager));
  return writer && (writer.manager ?? 'an unnamed client');
}

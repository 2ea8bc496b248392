/** Whether the author of a claim chose its volume: then the claim cannot get another one. */
import type { PersistentVolumeClaim } from '#src/api/kubernetes.ts';
import { managedBy } from '#src/api/labels.ts';
import { readJson } from '#src/domain/json.ts';

import { managersOf } from './managers.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** They write the volume that they have found for the claim. The last two are distributions in one program. */
const binders: readonly (string | undefined)[] = [
  'kube-controller-manager',
  'kube-scheduler',
  'k3s',
  'kubelite',
  managedBy,
];

/** Who wrote the volume's name into the claim, in words; undefined: only Kubernetes, or this program. */
export function whoChoseVolume(claim: PersistentVolumeClaim): string | undefined {
  const applied = readJson(claim.metadata.annotations?.[lastApplied]) as
    { readonly spec?: { readonly volumeName?: unknown } | null } | null | undefined;
  if (typeof applied?.spec?.volumeName === 'string' && applied.spec.volumeName !== '') return 'its manifest';
  const writer = managersOf(claim, ['spec', 'volumeName']).find(({ manager }) => !binders.includes(manager));
  return writer && (writer.manager ?? 'an unnamed client');
}

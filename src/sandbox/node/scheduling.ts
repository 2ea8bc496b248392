/** Whether a pod may go to the node, in the words of the scheduler. */
import type { PersistentVolumeClaim, Pod, StorageClass, Stored } from '#src/api/kubernetes.ts';
import { claimNamesOf } from '#src/sandbox/controllers/claim-users.ts';

import type { NodeObject, Taint } from './announce-node.ts';

export type Verdict =
  | { readonly type: 'go' }
  /** Claims that wait for a node to be chosen: choose it, and look again when they are bound. */
  | { readonly type: 'choose'; readonly claims: readonly Stored<PersistentVolumeClaim>[] }
  | { readonly type: 'wait'; readonly message: string };

/** As what `kubectl cordon` counts for those who tolerate it. */
const cordon: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export function schedule(
  pod: Pod,
  node: NodeObject | undefined,
  claimNamed: (name: string) => Stored<PersistentVolumeClaim> | undefined,
  classNamed: (name: string) => StorageClass | undefined,
): Verdict {
  if (node?.spec?.unschedulable === true && !isTolerated(pod, cordon)) {
    return wait('1 node(s) were unschedulable');
  }
  if (!isSelected(pod, node)) return wait("1 node(s) didn't match Pod's node affinity/selector");
  const taint = node?.spec?.taints?.find((it) => !isTolerated(pod, it));
  if (taint) return wait(`1 node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
  const unchosen: Stored<PersistentVolumeClaim>[] = [];
  for (const name of claimNamesOf(pod)) {
    const claim = claimNamed(name);
    if (!claim) return wait(`persistentvolumeclaim "${name}" not found`);
    if (claim.metadata.deletionTimestamp !== undefined)
      return wait(`persistentvolumeclaim "${name}" is being deleted`);
    if (claim.status?.phase === 'Lost') {
      return wait(
        `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`,
      );
    }
    if (claim.status?.phase === 'Bound') continue;
    const storageClass = classNamed(claim.spec.storageClassName ?? '');
    if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') {
      return wait('pod has unbound immediate PersistentVolumeClaims');
    }
    unchosen.push(claim);
  }
  return unchosen.length > 0 ? { type: 'choose', claims: unchosen } : { type: 'go' };
}

function isSelected({ spec: { nodeSelector = {} } }: Pod, node: NodeObject | undefined): boolean {
  return Object.entries(nodeSelector).every(([key, value]) => node?.metadata.labels?.[key] === value);
}

interface Toleration {
  key?: string;
  operator?: 'Exists' | 'Equal';
  value?: string;
  effect?: string;
}

function isTolerated({ spec: { tolerations = [] } }: Pod, { key, value = '', effect }: Taint): boolean {
  if (effect === 'PreferNoSchedule') return true;
  return (tolerations as Toleration[]).some(
    (it) =>
      (it.key === undefined || it.key === key) &&
      (it.effect === undefined || it.effect === effect) &&
      (it.operator === 'Exists' || (it.value ?? '') === value),
  );
}

function wait(why: string): Verdict {
  return { type: 'wait', message: `0/1 nodes are available: ${why}.` };
}

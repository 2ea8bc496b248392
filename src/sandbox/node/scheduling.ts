/** Decides whether a pod fits the node, in the scheduler's words. */
import type {
  ClusterNode,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
  Stored,
  Taint,
} from '#src/api/kubernetes.ts';
import { claimNamesOf } from '#src/sandbox/controllers/claim-users.ts';
import { findMatch } from '#src/sandbox/controllers/matching.ts';
import { selectedNode } from '#src/sandbox/controllers/provisioning.ts';

type Claim = Stored<PersistentVolumeClaim>;

export type Verdict =
  | { readonly type: 'go' }
  /**
   * The claims wait for the choice of a node: choose one, or bind the volume, and schedule the pod again once
   * they are bound.
   */
  | { readonly type: 'choose'; readonly choices: readonly Choice[] }
  | { readonly type: 'wait'; readonly message: string };

export interface Choice {
  readonly claim: Claim;
  /** Left out: the volume has to be provisioned. */
  readonly volume: Stored<PersistentVolume> | undefined;
}

/** What the scheduler reads about storage. */
export interface Storage {
  claim(name: string): Claim | undefined;
  storageClass(name: string): StorageClass | undefined;
  volumes(): readonly Stored<PersistentVolume>[];
}

/** Checks the claims first: they can rule out every node. */
export function schedule(pod: Pod, node: ClusterNode | undefined, storage: Storage): Verdict {
  const mounted: Claim[] = [];
  for (const name of claimNamesOf(pod)) {
    const claim = storage.claim(name);
    if (!claim) return wait(missing(pod, name));
    if (claim.status?.phase === 'Lost') {
      const { volumeName = '' } = claim.spec;
      return wait(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${volumeName}"`);
    }
    if (claim.metadata.deletionTimestamp !== undefined)
      return wait(`persistentvolumeclaim "${name}" is being deleted`);
    mounted.push(claim);
  }
  const unbound = mounted.filter(({ status }) => status?.phase !== 'Bound');
  const classOf = ({ spec }: Claim) => storage.storageClass(spec.storageClassName ?? '');
  const isDelayed = (claim: Claim): boolean =>
    (claim.spec.volumeName ?? '') === '' && classOf(claim)?.volumeBindingMode === 'WaitForFirstConsumer';
  if (!unbound.every(isDelayed)) return wait('pod has unbound immediate PersistentVolumeClaims');

  const unfit = misfitOf(pod, node);
  if (unfit !== undefined) return wait(`1 node(s) ${unfit}`);

  const choices: Choice[] = [];
  for (const claim of unbound) {
    const left = storage.volumes().filter((it) => choices.every(({ volume }) => volume !== it));
    const isChosen = claim.metadata.annotations?.[selectedNode] !== undefined;
    const volume = isChosen ? undefined : findMatch(claim, left, { preBoundOnly: false });
    if (!volume && classOf(claim)?.provisioner === noProvisioner)
      return wait("1 node(s) didn't find available persistent volumes to bind");
    choices.push({ claim, volume });
  }
  return choices.length > 0 ? { type: 'choose', choices } : { type: 'go' };
}

function missing({ spec }: Pod, name: string): string {
  const isNamed = spec.volumes?.some(
    ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name,
  );
  if (isNamed === true) return `persistentvolumeclaim "${name}" not found`;
  return `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`;
}

const noProvisioner = 'kubernetes.io/no-provisioner';
const cordoned: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Returns why the pod does not fit the node, or undefined if it does. */
function misfitOf(pod: Pod, node: ClusterNode | undefined): string | undefined {
  if (node?.spec?.unschedulable === true && !isTolerated(pod, cordoned)) return 'were unschedulable';
  if (node?.spec?.taints?.some((it) => !isTolerated(pod, it)) === true) return 'had untolerated taint(s)';
  return isSelected(pod, node) ? undefined : "didn't match Pod's node affinity/selector";
}

function isSelected({ spec: { nodeSelector = {} } }: Pod, node: ClusterNode | undefined): boolean {
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

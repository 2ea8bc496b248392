/**
 * The annotation that a restore in place writes on each PersistentVolume that it touches. It describes the volume, so
 * that `undo`, `volumes` and `forget` need no session.
 */
import type {
  KubernetesObject,
  ObjectMeta,
  PersistentVolume,
  PersistentVolumeClaimSpec,
} from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { isJsonObject, readJson } from '#src/domain/json.ts';
import { targetKinds } from '#src/domain/workload/kinds.ts';
import type { Target } from '#src/domain/workload/target.ts';

/**
 * `incoming`: the volume replaces the claim's present volume. `kept`: the claim used it before, and nothing deletes it.
 */
export type VolumeRole = 'incoming' | 'kept';

export type ReclaimPolicy = NonNullable<PersistentVolume['spec']['persistentVolumeReclaimPolicy']>;

/** A claim as it was, without the fields that the control plane adds. */
export interface ClaimManifest {
  readonly metadata: Pick<ObjectMeta, 'labels' | 'annotations' | 'ownerReferences'>;
  readonly spec: PersistentVolumeClaimSpec;
}

export interface SwappedVolume {
  /** The RestoreSession that the user names to `undo` or `forget` it: `volumesOf` of the record. */
  readonly session: string;
  readonly namespace: string;
  readonly claim: string;
  readonly target: Pick<Target, 'kind' | 'name'>;
  readonly role: VolumeRole;
  /** The volume's reclaim policy before it became Retain. */
  readonly policy: ReclaimPolicy;
  /** When the executor wrote this annotation (RFC 3339). */
  readonly since: string;
  /** On a kept volume: the claim that used the volume. */
  readonly manifest?: ClaimManifest;
}

export function formatSwapped(swapped: SwappedVolume): string {
  return JSON.stringify(swapped);
}

/** Returns undefined if the volume has no such annotation, or a malformed one. */
export function readSwapped({ metadata }: KubernetesObject): SwappedVolume | undefined {
  const value = readJson(metadata.annotations?.[annotation.swap]);
  return isSwapped(value) ? value : undefined;
}

const roles: readonly unknown[] = ['incoming', 'kept'] satisfies VolumeRole[];
const policies: readonly unknown[] = ['Delete', 'Retain', 'Recycle'] satisfies ReclaimPolicy[];

function isSwapped(value: unknown): value is SwappedVolume {
  if (!isJsonObject(value)) return false;
  const { session, namespace, claim, target, role, policy, since, manifest } = value;
  return (
    [session, namespace, claim, since].every((each) => typeof each === 'string' && each !== '') &&
    isJsonObject(target) &&
    targetKinds.some((kind) => kind === target['kind']) &&
    typeof target['name'] === 'string' &&
    roles.includes(role) &&
    policies.includes(policy) &&
    (manifest === undefined ||
      (isJsonObject(manifest) && isJsonObject(manifest['metadata']) && isJsonObject(manifest['spec'])))
  );
}

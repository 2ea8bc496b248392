/** Volumes as a restore in place leaves them. */
import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { persistentVolumeClaims, persistentVolumes } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { formatSwapped, type SwappedVolume, type VolumeRole } from '#src/domain/in-place/swapped-volume.ts';
import { labelValue } from '#src/domain/workload/names.ts';

import { until } from './until.ts';

export interface Keep {
  readonly namespace: string;
  readonly claim: string;
  readonly session: string;
  readonly target?: SwappedVolume['target'];
  readonly role?: VolumeRole;
  readonly policy?: SwappedVolume['policy'];
  readonly since?: string;
}

/** Marks the volume of a claim that is bound, with policy Retain. Resolves with the volume's name. */
export async function mark(cluster: Cluster, keep: Keep): Promise<string> {
  const { namespace, claim, session, role = 'kept', policy = 'Delete' } = keep;
  const { target = { kind: 'Deployment', name: 'web' }, since = '2026-03-14T03:01:00Z' } = keep;
  const { spec } = await cluster.get(persistentVolumeClaims, claim, namespace);
  const name = spec.volumeName ?? '';
  const swapped = formatSwapped({ session, namespace, claim, target, role, policy, since });
  await cluster.patch(
    persistentVolumes,
    { name },
    {
      metadata: {
        annotations: { [annotation.swap]: swapped },
        labels: { [label.restoreSession]: labelValue(session) },
      },
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    },
  );
  return name;
}

/** The same, and deletes the claim. Resolves once the volume is Released. */
export async function keep(cluster: Cluster, wanted: Keep): Promise<string> {
  const name = await mark(cluster, wanted);
  await cluster.delete(persistentVolumeClaims, { name: wanted.claim, namespace: wanted.namespace });
  await inPhase(cluster, name, 'Released');
  return name;
}

/** Reserves a Released volume for a claim of this name. Resolves once it is Available. */
export async function reserve(cluster: Cluster, name: string, claim: string): Promise<void> {
  const claimRef = { name: claim, uid: null, resourceVersion: null };
  await cluster.patch(persistentVolumes, { name }, { spec: { claimRef } });
  await inPhase(cluster, name, 'Available');
}

export async function volumeNamed(
  cluster: Cluster,
  name: string,
): Promise<Stored<PersistentVolume> | undefined> {
  const { items } = await cluster.list(persistentVolumes);
  return items.find(({ metadata }) => metadata.name === name);
}

async function inPhase(cluster: Cluster, name: string, phase: string): Promise<void> {
  const scope = { fieldSelector: `metadata.name=${name}` };
  await until(cluster, persistentVolumes, scope, ([it]) => it?.status?.phase === phase);
}

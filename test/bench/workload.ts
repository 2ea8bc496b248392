/** What is measured on: a workload with claims, and how everything that came of a run goes again. */
import type { KubernetesObject, PersistentVolumeClaim, Workload } from '#src/api/kubernetes.ts';
import {
  backupSessions,
  deployments,
  persistentVolumeClaims,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { until } from '#test/support/until.ts';

export const namespace = 'default';

/** Milliseconds: a control plane with the usual rate limits takes minutes for a hundred claims. */
const patience = 900_000;

/** A Deployment of no pods with so many bound claims, by name. */
export async function makeWorkload(cluster: Cluster, name: string, count: number): Promise<string[]> {
  const claims = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  for (const claim of claims)
    await cluster.create<PersistentVolumeClaim>(persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claim, namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
  await cluster.create<Workload>(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [{ name: 'main', image: 'busybox' }],
          volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
        },
      },
    },
  });
  const areBound = (items: readonly PersistentVolumeClaim[]) =>
    items.every(({ status }) => status?.phase === 'Bound');
  await until(cluster, persistentVolumeClaims, { namespace }, areBound, patience);
  return claims;
}

/** Deletes the namespace's sessions and snapshots, and resolves when nothing of them is left. */
export async function removeSnapshots(cluster: Cluster): Promise<void> {
  for (const resource of [volumeSnapshots, backupSessions] satisfies Resource[]) {
    const { items } = await cluster.list<KubernetesObject>(resource, { namespace });
    await Promise.all(items.map(({ metadata }) => cluster.delete(resource, metadata)));
  }
  const noneLeft = (items: readonly unknown[]) => items.length === 0;
  await until(cluster, volumeSnapshots, { namespace }, noneLeft, patience);
  await until(cluster, volumeSnapshotContents, {}, noneLeft, patience);
}

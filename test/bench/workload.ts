/** Creates the workload that is measured, and deletes what a run has created. */
import type { KubernetesObject, PersistentVolumeClaim, Stored, Workload } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  deployments,
  persistentVolumeClaims,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { until } from '#test/support/until.ts';

export const namespace = 'default';

/** Milliseconds. With the default client rate limits, a control plane takes minutes for a hundred claims. */
const patience = 900_000;

/** Creates a Deployment with no pods and with `count` bound claims. Resolves with the claims' names. */
export async function makeWorkload(cluster: Cluster, name: string, count: number): Promise<string[]> {
  const claims = claimNames(name, count);
  for (const claim of claims) await makeClaim(cluster, claim);
  await makeDeployment(cluster, name, claims);
  await allBound(cluster);
  return claims;
}

/**
 * Creates a Deployment with no pods and with these claims, which may be missing, and its paused
 * BackupConfiguration.
 */
export async function makeConfigured(
  cluster: Cluster,
  name: string,
  claims: readonly string[],
): Promise<Stored<BackupConfiguration>> {
  await makeDeployment(cluster, name, claims);
  const configuration = buildConfiguration({ kind: 'Deployment', name, namespace });
  return await cluster.create(backupConfigurations, configuration);
}

export function claimNames(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

export async function makeClaim(cluster: Cluster, name: string): Promise<void> {
  await cluster.create<PersistentVolumeClaim>(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
}

async function makeDeployment(cluster: Cluster, name: string, claims: readonly string[]): Promise<void> {
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
}

/** Resolves when all claims of the namespace are bound. */
export async function allBound(cluster: Cluster): Promise<void> {
  const areBound = (items: readonly PersistentVolumeClaim[]) =>
    items.every(({ status }) => status?.phase === 'Bound');
  await until(cluster, persistentVolumeClaims, { namespace }, areBound, patience);
}

/** Deletes the namespace's sessions and snapshots. Resolves when all are gone. */
export async function removeSnapshots(cluster: Cluster): Promise<void> {
  for (const resource of [volumeSnapshots, backupSessions] satisfies Resource[]) {
    const { items } = await cluster.list<KubernetesObject>(resource, { namespace });
    await Promise.all(items.map(({ metadata }) => cluster.delete(resource, metadata)));
  }
  const noneLeft = (items: readonly unknown[]) => items.length === 0;
  await until(cluster, volumeSnapshots, { namespace }, noneLeft, patience);
  await until(cluster, volumeSnapshotContents, {}, noneLeft, patience);
}

/** A workload with data, to try the commands on. */
import type { KubernetesObject, Named, PersistentVolumeClaim, Workload } from '#src/api/kubernetes.ts';
import { deployments, persistentVolumeClaims, type Resource } from '#src/api/resources.ts';
import { byName } from '#src/cluster/by-name.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { StashError } from '#src/errors.ts';

const namespace = 'default';
const labels = { app: 'demo' };

const claim: Named<PersistentVolumeClaim> = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'demo-data', namespace },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

const deployment: Named<Workload> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'demo', namespace, labels },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'demo',
            image: 'busybox',
            command: ['/bin/sh', '-c'],
            args: ['[ -e /data/hello.txt ] || date -u +%FT%TZ > /data/hello.txt; exec sleep 2000000000'],
            readinessProbe: { exec: { command: ['test', '-s', '/data/hello.txt'] }, periodSeconds: 1 },
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim.metadata.name } }],
      },
    },
  },
};

/** Said once the demo runs. */
export const demoLines: readonly string[] = [
  'deploy/demo runs in namespace default; its claim demo-data has a file; try:',
  commandLine`  kubectl exec deploy/demo -- cat /data/hello.txt`,
  commandLine`  kubectl stash snapshot deploy/demo`,
  commandLine`  kubectl stash list`,
  'then lose the claim, and get it back with the time that is in its file:',
  commandLine`  kubectl scale deploy/demo --replicas 0`,
  commandLine`  kubectl delete pvc/demo-data`,
  commandLine`  kubectl stash restore deploy/demo`,
  commandLine`  kubectl scale deploy/demo --replicas 1`,
  commandLine`  kubectl exec deploy/demo -- cat /data/hello.txt`,
];

const longestStartMs = 30_000;

/** Resolves once its data is written. What an earlier sandbox on the same directory has left of it stays. */
export async function startDemo(environment: WaitEnvironment): Promise<void> {
  const { cluster, clock } = environment;
  const apply = (resource: Resource, object: Named<KubernetesObject>) =>
    cluster.patch(resource, object.metadata, object, { type: 'apply' });
  await apply(persistentVolumeClaims, claim);
  await apply(deployments, deployment);
  const { name } = deployment.metadata;
  const end = after(clock, longestStartMs);
  await waitFor<undefined>(environment, (watch) => {
    const { items } = watch(deployments, byName({ name, namespace }));
    return (now) => {
      const { status } = items.get(name) ?? {};
      if (Number(status?.['availableReplicas'] ?? 0) > 0) return { result: undefined };
      if (now >= end) throw new StashError('timed-out', 'the demo did not start');
      return { until: end };
    };
  });
}

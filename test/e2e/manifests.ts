/**
 * Workloads like those in the Stash documentation's guides: busybox with a shell that writes one file and
 * sleeps.
 */
import type { Container, ObjectMeta, PersistentVolumeClaim, Pod, Workload } from '#src/api/kubernetes.ts';

/** Returns the mount path of a claim: `/source/data` for claim `data`. */
export function mountPath(volume: string): string {
  return `/source/${volume}`;
}

export function claim(name: string, storageClassName: string, labels?: ObjectMeta['labels']) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, ...(labels && { labels }) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName,
      resources: { requests: { storage: '1Gi' } },
    },
  } satisfies PersistentVolumeClaim;
}

export function deployment(name: string, claims: readonly string[]): Workload {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name } },
    spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: template(name, claims) },
  };
}

export function daemonSet(name: string, claims: readonly string[]): Workload {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, labels: { app: name } },
    spec: { selector: { matchLabels: { app: name } }, template: template(name, claims) },
  };
}

/** Its claims are `source-data-NAME-ORDINAL`; each pod writes its own name. */
export function statefulSet(name: string, replicas: number, storageClassName: string): Workload {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels: { app: name } },
    spec: {
      replicas,
      serviceName: name,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              ...shell('echo $(POD_NAME) > /source/source-data/data.txt && sleep 3000', [
                { name: 'source-data', mountPath: mountPath('source-data') },
              ]),
              env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            },
          ],
        },
      },
      volumeClaimTemplates: [claim('source-data', storageClassName)],
    },
  };
}

/** Returns a pod that mounts the claims, for access to their files. */
export function reader(claims: readonly string[], script = 'sleep 3000') {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'reader-' },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [shell(script, mounts(claims))],
      volumes: volumes(claims),
    },
  } satisfies Pod;
}

function template(name: string, claims: readonly string[]): Workload['spec']['template'] {
  const [first = ''] = claims;
  return {
    metadata: { labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [shell(`echo sample_data > ${mountPath(first)}/data.txt && sleep 3000`, mounts(claims))],
      volumes: volumes(claims),
    },
  };
}

function shell(script: string, volumeMounts: Container['volumeMounts'] = []): Container {
  return {
    name: 'busybox',
    image: 'busybox',
    command: ['/bin/sh', '-c'],
    args: [script],
    volumeMounts,
  };
}

/** Numbers the volumes, because claim names may be too long or contain dots. */
function volumes(claims: readonly string[]) {
  return claims.map((claimName, index) => ({ name: `v${index}`, persistentVolumeClaim: { claimName } }));
}

function mounts(claims: readonly string[]) {
  return claims.map((name, index) => ({ name: `v${index}`, mountPath: mountPath(name) }));
}

/** The workload with pods that write nothing by themselves. */
export function quiet<T extends Workload>(workload: T): T {
  for (const container of workload.spec.template.spec.containers) container.args = ['sleep 3000'];
  return workload;
}

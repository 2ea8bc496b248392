/**
 * The kubectl steps of the story, carried out through the API because kubectl may be missing; each prints its
 * command.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { KubernetesObject, Workload } from '#src/api/kubernetes.ts';
import {
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  statefulSets,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

import { until } from '#test/support/until.ts';

import { applyFile } from './apply.ts';
import { runInPod } from './run-in-pod.ts';
import type { Show } from './show.ts';

const namespace = 'default';
const kinds = { deployment: deployments, statefulset: statefulSets };

export type WorkloadName = `${keyof typeof kinds}/${string}`;

export interface Kubectl {
  /** Applies manifests of this directory. */
  apply(...files: string[]): Promise<void>;
  /** Waits until every replica is ready. */
  rollout(workload: WorkloadName): Promise<void>;
  /**
   * Runs a script of this directory in every pod, with `/data` as its argument. Resolves with its output by
   * pod.
   */
  runEverywhere(script: string): Promise<ReadonlyMap<string, string>>;
  /** Waits until their pods are gone too. */
  deleteWorkloads(...workloads: WorkloadName[]): Promise<void>;
  deleteAllClaims(): Promise<void>;
  /** Waits until the volumes are gone, which are deleted after their claims. */
  showThatNothingIsLeft(): Promise<void>;
}

export function createKubectl(cluster: Cluster, show: Show): Kubectl {
  return {
    async apply(...files) {
      show.prompt(`kubectl apply ${files.map((file) => `-f test/demo/${file}`).join(' ')}`);
      for (const file of files) {
        for (const line of await applyFile(cluster, join(import.meta.dirname, file), namespace)) {
          show.line(line);
        }
      }
    },

    async rollout(workload) {
      show.prompt(`kubectl rollout status ${workload}`);
      const { resource, name } = split(workload);
      const scope = { namespace, fieldSelector: `metadata.name=${name}` };
      const [ready] = await until(cluster, resource, scope, ([it]) => it !== undefined && isReady(it));
      const pods = ready?.status?.readyReplicas ?? 0;
      show.line(`${workload} is rolled out: ${pods} ${pods === 1 ? 'pod is' : 'pods are'} ready`);
    },

    async runEverywhere(script) {
      const { items } = await cluster.list(pods, { namespace });
      const names = items.map(({ metadata }) => metadata.name).sort();
      const body = `kubectl exec -i $pod -- sh -s /data < test/demo/${script}`;
      show.prompt(`for pod in ${names.join(' ')}; do ${body}; done`);
      const text = await readFile(join(import.meta.dirname, script));
      return new Map(
        await Promise.all(
          names.map(async (pod) => {
            const printed = await runInPod(cluster, { namespace, pod }, ['sh', '-s', '/data'], text);
            return [pod, printed] as const;
          }),
        ),
      );
    },

    async deleteWorkloads(...workloads) {
      show.prompt(`kubectl delete ${workloads.join(' ')}`);
      for (const workload of workloads) {
        const { resource, name } = split(workload);
        await cluster.delete(resource, { name, namespace });
        show.line(`${workload} deleted`);
      }
      await until(cluster, pods, { namespace }, isEmpty);
    },

    async deleteAllClaims() {
      show.prompt('kubectl delete pvc --all');
      for (const { metadata } of (await cluster.list(persistentVolumeClaims, { namespace })).items) {
        await cluster.delete(persistentVolumeClaims, metadata);
        show.line(`persistentvolumeclaim/${metadata.name} deleted`);
      }
      await until(cluster, persistentVolumeClaims, { namespace }, isEmpty);
    },

    async showThatNothingIsLeft() {
      show.prompt('kubectl get deployment,statefulset,pod,pvc,pv');
      await until(cluster, persistentVolumes, {}, isEmpty);
      for (const resource of [deployments, statefulSets, pods, persistentVolumeClaims]) {
        const [left] = (await cluster.list<KubernetesObject>(resource, { namespace })).items;
        if (left) throw new Error(`${left.kind} ${left.metadata.name} is still there`);
      }
      show.line('No resources found');
    },
  };
}

function isEmpty(items: readonly KubernetesObject[]): boolean {
  return items.length === 0;
}

function split(workload: WorkloadName): { resource: Resource<Workload>; name: string } {
  const [kind, name] = workload.split('/') as [keyof typeof kinds, string];
  return { resource: kinds[kind], name };
}

function isReady({ metadata, spec, status }: Workload): boolean {
  return status?.observedGeneration === metadata.generation && status?.readyReplicas === (spec.replicas ?? 1);
}

import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import { operatorName } from '#src/api/operator.ts';

import { objectLabels, podLabels, type InstallOptions } from './options.ts';

interface PodDisruptionBudget extends KubernetesObject {
  spec: object;
}

/** Keeps one of several replicas running; a single replica must not block the drain of its node. */
export function buildDisruptionBudget(options: InstallOptions): Named<PodDisruptionBudget> {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: operatorName, namespace: options.namespace, labels: objectLabels(options) },
    spec: {
      minAvailable: options.replicas > 1 ? 1 : 0,
      selector: { matchLabels: { ...podLabels } },
    },
  };
}

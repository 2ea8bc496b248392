import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import { operatorName } from '#src/api/operator.ts';

import { objectLabels, podLabels, type InstallOptions } from './options.ts';

interface PodDisruptionBudget extends KubernetesObject {
  spec: object;
}

/** One of two stays. A single one may go too: it must not keep a node from being drained. */
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

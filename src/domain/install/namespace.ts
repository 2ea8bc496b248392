import type { Namespace, Named } from '#src/api/kubernetes.ts';

import { objectLabels, type InstallOptions } from './options.ts';

/** Enforces the pod security standard `restricted`, with which the operator's pods comply. */
export function buildNamespace(options: InstallOptions): Named<Namespace> {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: options.namespace,
      labels: {
        ...objectLabels(options),
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/audit': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      },
    },
  };
}

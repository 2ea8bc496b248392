import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import { operatorName } from '#src/api/operator.ts';

import { monitoringLabel } from '#src/api/labels.ts';

import { httpPort, objectLabels, podLabels, type InstallOptions } from './options.ts';

interface NetworkPolicy extends KubernetesObject {
  spec: object;
}

/** Ports of API servers behind the Service, in this order: most clusters, kubeadm, minikube, MicroK8s. */
const apiServerPorts = [443, 6443, 8443, 16443];

/**
 * Ingress: metrics, for pods of labelled namespaces. A NetworkPolicy does not apply to the kubelet's probes. Egress:
 * DNS, the API server, and any port of any pod, for http and tcp hooks.
 */
export function buildNetworkPolicy(options: InstallOptions): Named<NetworkPolicy> {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: operatorName, namespace: options.namespace, labels: objectLabels(options) },
    spec: {
      podSelector: { matchLabels: { ...podLabels } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { ...monitoringLabel } } }],
          ports: [{ protocol: 'TCP', port: httpPort.name }],
        },
      ],
      egress: [
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
            ...apiServerPorts.map((port) => ({ protocol: 'TCP', port })),
          ],
        },
        { to: [{ namespaceSelector: {} }] },
      ],
    },
  };
}

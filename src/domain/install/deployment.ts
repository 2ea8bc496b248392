import type { Container, Named, Workload } from '#src/api/kubernetes.ts';
import { operatorName } from '#src/api/operator.ts';
import { formatGoDuration } from '#src/domain/duration.ts';

import { httpPort, objectLabels, podLabels, type InstallOptions } from './options.ts';

export interface Deployment extends Workload {
  spec: Workload['spec'] & { strategy: object };
}

const userId = 65532;

/**
 * Builds the operator's Deployment. Its replicas elect a leader, and its pods comply with the pod security standard
 * `restricted`.
 */
export function buildDeployment(options: InstallOptions): Named<Deployment> {
  const labels = objectLabels(options);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: operatorName, namespace: options.namespace, labels },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: { ...podLabels } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: operatorName,
          terminationGracePeriodSeconds: 30,
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: userId,
            runAsGroup: userId,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          affinity: spreadOverNodes,
          containers: [container(options)],
        },
      },
    },
  };
}

const spreadOverNodes = {
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: {
          topologyKey: 'kubernetes.io/hostname',
          labelSelector: { matchLabels: { ...podLabels } },
        },
      },
    ],
  },
};

function container(options: InstallOptions): Container {
  const { image, runSessions } = options;
  return {
    name: 'operator',
    image,
    args: [
      'operator',
      'run',
      `--run-sessions=${runSessions}`,
      `--image=${image}`,
      `--listen=:${httpPort.port}`,
      // The program reads it from the pod, because kustomize may change the namespace.
      '--namespace=$(POD_NAMESPACE)',
      ...optionFlags(options),
    ],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    ],
    ports: [{ name: httpPort.name, containerPort: httpPort.port, protocol: 'TCP' }],
    livenessProbe: {
      httpGet: { path: '/healthz', port: httpPort.name },
      periodSeconds: 10,
      failureThreshold: 6,
    },
    readinessProbe: { httpGet: { path: '/readyz', port: httpPort.name }, periodSeconds: 5 },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // The kubelet copies the last log lines to the pod's status, where `install` reads them.
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

/** Omits flags that the user does not set: the operator in the image has its own defaults. */
function optionFlags({
  watchNamespaces,
  maxFreezeMs,
  sessionsAtOnce,
  claimsPerSession,
  coverageMetrics,
  logLevel,
}: InstallOptions): string[] {
  return [
    ...(watchNamespaces === undefined ? [] : [`--watch-namespaces=${watchNamespaces.join()}`]),
    ...(maxFreezeMs === undefined ? [] : [`--max-freeze=${formatGoDuration(maxFreezeMs)}`]),
    ...(sessionsAtOnce === undefined ? [] : [`--sessions-at-once=${sessionsAtOnce}`]),
    ...(claimsPerSession === undefined ? [] : [`--claims-per-session=${claimsPerSession}`]),
    ...(coverageMetrics === true ? ['--coverage-metrics'] : []),
    ...(logLevel === undefined ? [] : [`--log-level=${logLevel}`]),
  ];
}

/** Builds the pod template of every Job that runs this program: trigger, snapshotter and restorer. */
import type { Container, PodTemplate } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { Component } from '#src/api/operator.ts';
import type { RuntimeSettings } from '#src/api/stash.ts';

export interface PodTemplateOptions {
  readonly component: Component;
  /** After the program's name: `['operator', 'create-vs', ...]`. */
  readonly args: readonly string[];
  readonly image: string;
  readonly imagePullPolicy?: Container['imagePullPolicy'];
  /** The result of `jobAccount`. This file does not read `runtimeSettings.pod.serviceAccountName`. */
  readonly serviceAccount: string;
  readonly runtimeSettings?: RuntimeSettings | undefined;
  /** In addition to POD_NAME. */
  readonly env?: NonNullable<Container['env']>;
  /** In addition to the labels for the component and managed-by. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Required by the pod security standard `restricted`; `runtimeSettings` may override single fields. */
export const podSecurity = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
const resources = { requests: { cpu: '50m', memory: '96Mi' } };

/**
 * The only container has the name of the component. `checkRuntimeSettings` must have accepted the `runtimeSettings`.
 * All of them apply except `container.nice` and `container.ionice`: taking a snapshot uses hardly any CPU or disk
 * bandwidth (see `ignoredSettings`).
 */
export function buildPodTemplate(options: PodTemplateOptions): PodTemplate {
  const { component, args, image, imagePullPolicy, serviceAccount } = options;
  const pod = options.runtimeSettings?.pod ?? {};
  const container = options.runtimeSettings?.container ?? {};
  const ownEnv = [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...(options.env ?? []),
  ];
  const env = [...((container.env ?? []) as NonNullable<Container['env']>), ...ownEnv];
  return {
    metadata: {
      labels: {
        ...pod.podLabels,
        ...options.labels,
        [label.managedBy]: managedBy,
        [label.component]: component,
      },
      ...(pod.podAnnotations && { annotations: pod.podAnnotations }),
    },
    spec: {
      ...defined({
        nodeSelector: pod.nodeSelector,
        nodeName: pod.nodeName,
        automountServiceAccountToken: pod.automountServiceAccountToken,
        imagePullSecrets: pod.imagePullSecrets,
        affinity: pod.affinity,
        schedulerName: pod.schedulerName,
        tolerations: pod.tolerations,
        priorityClassName: pod.priorityClassName,
        priority: pod.priority,
        readinessGates: pod.readinessGates,
        runtimeClassName: pod.runtimeClassName,
        enableServiceLinks: pod.enableServiceLinks,
        topologySpreadConstraints: pod.topologySpreadConstraints,
      }),
      restartPolicy: 'Never',
      serviceAccountName: serviceAccount,
      securityContext: { ...podSecurity, ...pod.securityContext },
      containers: [
        {
          name: component,
          image,
          ...defined({ imagePullPolicy }),
          args: [...args],
          env,
          resources: container.resources ?? resources,
          // The operator copies a failed container's message to the session or an Event, which outlive the pod.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: { ...containerSecurity, ...container.securityContext },
        },
      ],
    },
  };
}

/** Returns the paths of the given settings that have no effect. */
export function ignoredSettings(settings: RuntimeSettings | undefined): string[] {
  return (['nice', 'ionice'] as const)
    .filter((name) => (settings?.container?.[name] ?? undefined) !== undefined)
    .map((name) => `spec.runtimeSettings.container.${name}`);
}

/** Returns the fields that are set. Kubernetes treats an empty string as not set. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

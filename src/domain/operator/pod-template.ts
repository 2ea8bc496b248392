/** The pod of every Job that runs this program: the trigger's, the snapshotter's, the restorer's. */
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
  /** As `jobAccount` says it: `runtimeSettings.pod.serviceAccountName` is not looked at here. */
  readonly serviceAccount: string;
  readonly runtimeSettings?: RuntimeSettings | undefined;
  /** Besides POD_NAME. */
  readonly env?: NonNullable<Container['env']>;
  /** Besides the component and who manages it. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What the pod security standard `restricted` asks for; `runtimeSettings` may say otherwise, field by field. */
const podSecurity = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
const resources = { requests: { cpu: '50m', memory: '96Mi' } };

/**
 * The only container is called after the component. Of `runtimeSettings` all is honoured except `container.nice` and
 * `container.ionice`: taking a snapshot needs neither CPU nor disk worth the name (see `ignoredSettings`).
 */
export function buildPodTemplate(options: PodTemplateOptions): PodTemplate {
  const { component, args, image, imagePullPolicy, serviceAccount } = options;
  const { pod = {}, container = {} } = options.runtimeSettings ?? {};
  const ownEnv = [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...(options.env ?? []),
  ];
  // What we set is not theirs to set: the program relies on it.
  const theirEnv = (container.env ?? []) as NonNullable<Container['env']>;
  const env = [...theirEnv.filter(({ name }) => !ownEnv.some((own) => own.name === name)), ...ownEnv];
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
          ...defined({
            imagePullPolicy,
            envFrom: container.envFrom,
            livenessProbe: container.livenessProbe,
            readinessProbe: container.readinessProbe,
            lifecycle: container.lifecycle,
          }),
          args: [...args],
          env,
          resources: container.resources ?? resources,
          // The session, or the Job's Events, tell why it failed when its pod is gone.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: { ...containerSecurity, ...container.securityContext },
        },
      ],
    },
  };
}

/** The settings that we do not honour, as paths: worth a warning. */
export function ignoredSettings(settings: RuntimeSettings | undefined): string[] {
  const { container = {} } = settings ?? {};
  return (['nice', 'ionice'] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) => `spec.runtimeSettings.container.${name}`);
}

/** Without what is left out, and without an empty string, which Kubernetes takes for that. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

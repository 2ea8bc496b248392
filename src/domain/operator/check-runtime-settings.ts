/** Validates `spec.runtimeSettings`: the CRD accepts anything there, so wrong types would only fail the Job later. */
import type { JsonSchema } from '#src/api/kubernetes.ts';
import type { RuntimeSettings } from '#src/api/stash.ts';
import { schemaProblems } from '#src/domain/schema-problems.ts';

const text: JsonSchema = { type: 'string' };
const flag: JsonSchema = { type: 'boolean' };
const open: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const texts: JsonSchema = { type: 'object', additionalProperties: text };
const list: JsonSchema = { type: 'array', items: open };
const named: JsonSchema = {
  ...open,
  properties: { name: text },
};

const schema: JsonSchema = {
  type: 'object',
  properties: {
    container: {
      type: 'object',
      properties: {
        resources: open,
        securityContext: open,
        env: { type: 'array', items: { ...named, required: ['name'] } },
        envFrom: list,
        livenessProbe: open,
        readinessProbe: open,
        lifecycle: open,
      },
    },
    pod: {
      type: 'object',
      properties: {
        podLabels: texts,
        podAnnotations: texts,
        nodeSelector: texts,
        nodeName: text,
        serviceAccountName: text,
        serviceAccountAnnotations: texts,
        automountServiceAccountToken: flag,
        securityContext: open,
        imagePullSecrets: { type: 'array', items: named },
        affinity: open,
        schedulerName: text,
        tolerations: list,
        priorityClassName: text,
        priority: { type: 'integer' },
        readinessGates: list,
        runtimeClassName: text,
        enableServiceLinks: flag,
        topologySpreadConstraints: list,
      },
    },
  },
};

/** One sentence for each problem: `spec.runtimeSettings.pod.nodeName must be a string, not 3`. */
export function checkRuntimeSettings(settings: unknown): string[] {
  if (settings === undefined) return [];
  const problems = schemaProblems(settings, schema).map(({ path, message }) => {
    const below = path === '' || path.startsWith('[') ? path : `.${path}`;
    return `spec.runtimeSettings${below} ${message}`;
  });
  if (problems.length > 0) return problems;
  const { pod, container } = settings as RuntimeSettings;
  return [
    ...(pod?.automountServiceAccountToken === false
      ? [
          'spec.runtimeSettings.pod.automountServiceAccountToken is false: a Job could not reach the API server',
        ]
      : []),
    ...commandsIn(container).map(
      (path) =>
        `spec.runtimeSettings.container.${path}.exec is refused: users who may write this field could run commands under ` +
        'any account of the namespace',
    ),
  ];
}

/** Paths of the probes and lifecycle hooks that would execute a command in the container. */
function commandsIn({
  livenessProbe,
  readinessProbe,
  lifecycle,
}: NonNullable<RuntimeSettings['container']> = {}): string[] {
  const { postStart, preStop } = (lifecycle ?? {}) as Record<string, unknown>;
  const handlers: [path: string, handler: unknown][] = [
    ['livenessProbe', livenessProbe],
    ['readinessProbe', readinessProbe],
    ['lifecycle.postStart', postStart],
    ['lifecycle.preStop', preStop],
  ];
  return handlers.filter(([, handler]) => hasExec(handler)).map(([path]) => path);
}

function hasExec(handler: unknown): boolean {
  if (typeof handler !== 'object' || handler === null) return false;
  const { exec } = handler as { exec?: unknown };
  return exec !== undefined && exec !== null;
}

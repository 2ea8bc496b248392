/**
 * Validates `spec.runtimeSettings`, for which the CRD accepts anything. Its author may not be allowed to create pods.
 * So this accepts only settings that cannot change which program the pods of Jobs run, where they send data, or which
 * objects select them.
 */
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { podPrefix } from '#src/api/labels.ts';
import type { RuntimeSettings } from '#src/api/stash.ts';
import { fieldPath } from '#src/domain/field-path.ts';
import { shortened } from '#src/domain/quoted.ts';
import { schemaProblems } from '#src/domain/schema-problems.ts';
import { unknownFields } from '#src/domain/unknown-fields.ts';

const text: JsonSchema = { type: 'string' };
const flag: JsonSchema = { type: 'boolean' };
const integer: JsonSchema = { type: 'integer' };
const off: JsonSchema = { type: 'boolean', enum: [false] };
const open: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const texts: JsonSchema = { type: 'object', additionalProperties: text };

function fields(properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema {
  return { type: 'object', properties, required };
}

function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

function words(...allowed: string[]): JsonSchema {
  return { type: 'string', enum: allowed };
}

const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
const variables = [...proxies, ...proxies.map((name) => name.toLowerCase()), 'TZ', 'LOG_LEVEL'];

/** Leaves out values that do not confine the process. */
const profile = fields({ type: words('RuntimeDefault', 'Localhost'), localhostProfile: text });
const security = {
  runAsUser: integer,
  runAsGroup: integer,
  runAsNonRoot: flag,
  seLinuxOptions: fields({ level: text, type: words('', 'container_t', 'container_kvm_t') }),
  seccompProfile: profile,
  appArmorProfile: profile,
};

const schema = fields({
  container: fields({
    resources: fields({ limits: open, requests: open }),
    securityContext: fields({
      ...security,
      allowPrivilegeEscalation: off,
      privileged: off,
      readOnlyRootFilesystem: flag,
      capabilities: fields({ drop: list(text) }),
    }),
    env: list(fields({ name: words(...variables), value: text }, ['name'])),
    nice: open,
    ionice: open,
  }),
  pod: fields({
    podLabels: texts,
    podAnnotations: texts,
    nodeSelector: texts,
    nodeName: text,
    serviceAccountName: text,
    serviceAccountAnnotations: texts,
    automountServiceAccountToken: flag,
    securityContext: fields({
      ...security,
      supplementalGroups: list(integer),
      supplementalGroupsPolicy: text,
      fsGroup: integer,
      fsGroupChangePolicy: text,
    }),
    imagePullSecrets: list({ ...open, properties: { name: text } }),
    affinity: open,
    schedulerName: text,
    tolerations: list(open),
    priorityClassName: text,
    priority: integer,
    readinessGates: list(open),
    runtimeClassName: text,
    enableServiceLinks: flag,
    topologySpreadConstraints: list(open),
  }),
});

/** With the sidecar of a mesh, a Job would never end. */
const withoutSidecar: Readonly<Record<string, string>> = {
  'sidecar.istio.io/inject': 'false',
  'linkerd.io/inject': 'disabled',
};

/** One sentence for each problem: `spec.runtimeSettings.pod.nodeName must be a string, not 3`. */
export function checkRuntimeSettings(settings: unknown): string[] {
  if (settings === undefined) return [];
  const mistyped = schemaProblems(settings, schema).map(({ path, message }) => `${at(path)} ${message}`);
  if (mistyped.length > 0) return mistyped;
  const { pod } = settings as RuntimeSettings;
  return [
    ...unknownFields(settings, schema).map(
      (path) => `${at(path)} is refused: users who may write it may not be allowed to create pods`,
    ),
    ...(['podLabels', 'podAnnotations'] as const).flatMap((field) => checkMarks(field, pod?.[field])),
    ...(pod?.automountServiceAccountToken === false
      ? [`${at('pod.automountServiceAccountToken')} is false: a Job could not reach the API server`]
      : []),
  ];
}

/** Services, network policies, workloads and admission webhooks choose pods by labels and annotations. */
function checkMarks(field: string, marks: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(marks ?? {})
    .filter(([key, value]) => !key.startsWith(podPrefix) && withoutSidecar[key] !== value)
    .map(
      ([key]) => `${at(fieldPath(`pod.${field}`, key))} is refused: its name must begin with ${podPrefix}`,
    );
}

function at(path: string): string {
  return `spec.runtimeSettings${path === '' || path.startsWith('[') ? '' : '.'}${shortened(path)}`;
}

/** The values of the chart: their defaults, their JSON schema and what they mean. */
import { imageRepository } from '#src/api/operator.ts';
import { buildDeployment } from '#src/domain/install/deployment.ts';
import { mostReplicas, podLabels } from '#src/domain/install/options.ts';
import { defaultClaimsPerSession, mostClaimsPerSession } from '#src/domain/spec-limits.ts';

export interface Value {
  /** `image.tag` */
  readonly path: string;
  /** Left out: the value has no default, and the operator has its own. */
  readonly default?: unknown;
  readonly schema: object;
  readonly description: string;
}

const standard = buildDeployment({
  ...{ namespace: '', image: '', replicas: 2, runSessions: 'in-jobs', version: '' },
});
const [container] = standard.spec.template.spec.containers;

const labels = { type: 'object', additionalProperties: { type: 'string', maxLength: 63 } };
const label = '^(([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$';

export const values: readonly Value[] = [
  {
    path: 'image.repository',
    default: imageRepository,
    schema: { type: 'string', pattern: '^[a-z0-9][a-zA-Z0-9._/:-]*$' },
    description: 'Image of the operator and of its Jobs, without tag.',
  },
  {
    path: 'image.tag',
    schema: { type: 'string', pattern: '^[a-zA-Z0-9_][a-zA-Z0-9._-]*$' },
    description: 'Tag of the image; by default the version of the chart.',
  },
  {
    path: 'image.digest',
    schema: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' },
    description: 'Digest of the image, in place of a tag.',
  },
  {
    path: 'replicas',
    default: standard.spec.replicas,
    schema: { type: 'integer', minimum: 1, maximum: mostReplicas },
    description: 'Number of replicas of the operator; one is active, the others stand by.',
  },
  {
    path: 'runSessions',
    default: 'in-jobs',
    schema: { enum: ['in-jobs', 'in-process'] },
    description: 'Where sessions run: each in its own Job, or in the operator process.',
  },
  {
    path: 'watchNamespaces',
    default: [],
    schema: {
      type: 'array',
      uniqueItems: true,
      items: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' },
    },
    description:
      'Work in these namespaces only, with Roles there in place of ClusterRoles; empty: in all. They must exist.',
  },
  {
    path: 'maxFreeze',
    schema: {
      type: 'string',
      allOf: [{ pattern: '^([0-9]+([.][0-9]+)?(ms|s|m|h))+$' }, { pattern: '[1-9]' }],
    },
    description: 'How long a preBackup hook may keep an application quiesced; by default 60s.',
  },
  {
    path: 'sessionsAtOnce',
    schema: { type: 'integer', minimum: 1 },
    description: 'With runSessions=in-process: how many sessions run at the same time; by default 50.',
  },
  {
    path: 'claimsPerSession',
    schema: { type: 'integer', minimum: 1, maximum: mostClaimsPerSession },
    description: `The operator refuses sessions with more claims than this; by default ${defaultClaimsPerSession}.`,
  },
  {
    path: 'coverageMetrics',
    default: false,
    schema: { type: 'boolean' },
    description: 'Serve `stash_claims_uncovered`, for which the operator reads all claims and snapshots.',
  },
  {
    path: 'logLevel',
    schema: { enum: ['debug', 'info', 'warn', 'error'] },
    description: 'Log level of the operator; by default info.',
  },
  {
    path: 'resources',
    default: container?.resources ?? {},
    schema: { type: 'object' },
    description: "Requests and limits of the operator's container.",
  },
  {
    path: 'priorityClassName',
    schema: { type: 'string', minLength: 1 },
    description: "Priority class of the operator's pods.",
  },
  {
    path: 'extraLabels',
    default: {},
    schema: {
      ...labels,
      propertyNames: { allOf: [{ pattern: label }, { not: { enum: Object.keys(podLabels) } }] },
    },
    description: "Labels for all objects of the chart, and for the operator's pods.",
  },
  {
    path: 'crds.install',
    default: true,
    schema: { type: 'boolean' },
    description:
      'Install and upgrade the CustomResourceDefinitions; `helm uninstall` keeps them. Set it to false if another release installs them.',
  },
  {
    path: 'podMonitor.enabled',
    default: false,
    schema: { type: 'boolean' },
    description:
      'Create a PodMonitor for the Prometheus operator. The namespace of Prometheus needs the label `stash.appscode.com/monitoring=true`.',
  },
  {
    path: 'podMonitor.labels',
    default: {},
    schema: labels,
    description: 'Labels by which your Prometheus selects PodMonitors.',
  },
  {
    path: 'prometheusRule.enabled',
    default: false,
    schema: { type: 'boolean' },
    description: 'Create a PrometheusRule with the alerts of `alerts.yaml`.',
  },
  {
    path: 'prometheusRule.labels',
    default: {},
    schema: labels,
    description: 'Labels by which your Prometheus selects PrometheusRules.',
  },
  {
    path: 'dashboard.enabled',
    default: false,
    schema: { type: 'boolean' },
    description: 'Create a ConfigMap with the dashboard for Grafana, as its sidecar reads it.',
  },
  {
    path: 'dashboard.labels',
    default: { grafana_dashboard: '1' },
    schema: labels,
    description: 'Labels by which the sidecar of Grafana selects ConfigMaps.',
  },
];

/** The aggregated ClusterRoles `view`, `edit` and `admin`: each one includes the roles below it. */
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const workloads = ['daemonsets', 'deployments', 'deployments/scale', 'replicasets', 'replicasets/scale'];
const sets = ['statefulsets', 'statefulsets/scale'];
const status = (...resources: string[]): string[] => resources.map((resource) => `${resource}/status`);

const viewed = [
  {
    apiGroups: [''],
    resources: [
      ...['configmaps', 'endpoints', 'persistentvolumeclaims', 'persistentvolumeclaims/status', 'pods'],
      ...['replicationcontrollers', 'replicationcontrollers/scale', 'serviceaccounts', 'services'],
      'services/status',
    ],
    verbs: read,
  },
  {
    apiGroups: [''],
    resources: [
      ...['bindings', 'events', 'limitranges', 'namespaces/status', 'pods/log', 'pods/status'],
      ...['replicationcontrollers/status', 'resourcequotas', 'resourcequotas/status'],
    ],
    verbs: read,
  },
  { apiGroups: [''], resources: ['namespaces'], verbs: read },
  {
    apiGroups: ['apps'],
    resources: [
      ...['controllerrevisions', ...workloads, ...sets],
      ...status('daemonsets', 'deployments', 'replicasets', 'statefulsets'),
    ],
    verbs: read,
  },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs', ...status('cronjobs', 'jobs')], verbs: read },
  {
    apiGroups: ['policy'],
    resources: ['poddisruptionbudgets', ...status('poddisruptionbudgets')],
    verbs: read,
  },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: read },
];

const edited = [
  {
    apiGroups: [''],
    resources: ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'],
    verbs: read,
  },
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] },
  {
    apiGroups: [''],
    resources: ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'],
    verbs: write,
  },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
  {
    apiGroups: [''],
    resources: [
      ...['configmaps', 'events', 'persistentvolumeclaims', 'replicationcontrollers'],
      ...['replicationcontrollers/scale', 'secrets', 'serviceaccounts', 'services', 'services/proxy'],
    ],
    verbs: write,
  },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: ['apps'], resources: [...workloads, 'deployments/rollback', ...sets], verbs: write },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: write },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: write },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: write },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...read, ...write] },
];

const administered = [
  { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
  {
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['rolebindings', 'roles'],
    verbs: [...read, ...write],
  },
];

export interface UserRole {
  readonly labels: Readonly<Record<string, string>>;
  readonly rules?: readonly object[];
  readonly aggregationRule?: object;
}

const aggregates = (to: string): string => `rbac.authorization.k8s.io/aggregate-to-${to}`;

/** Returns the aggregated role, and the role with the rules that it adds to the levels below. */
function level(name: string, above: string | undefined, rules: readonly object[]): [string, UserRole][] {
  const clusterRoleSelectors = [{ matchLabels: { [aggregates(name)]: 'true' } }];
  return [
    [
      name,
      {
        labels: above === undefined ? {} : { [aggregates(above)]: 'true' },
        aggregationRule: { clusterRoleSelectors },
      },
    ],
    [`system:aggregate-to-${name}`, { labels: { [aggregates(name)]: 'true' }, rules }],
  ];
}

export const userRoles: Readonly<Record<string, UserRole>> = Object.fromEntries([
  ...level('view', 'edit', viewed),
  ...level('edit', 'admin', edited),
  ...level('admin', undefined, administered),
]);

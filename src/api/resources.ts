/** Group, version and plural of each kind: where it is served in the API. */
import type {
  ClusterNode,
  CronJob,
  CsiNode,
  CustomResourceDefinition,
  Event,
  Job,
  KubernetesObject,
  Lease,
  LimitRange,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Role,
  RoleBinding,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  ServiceAccount,
  StorageClass,
  ValidatingWebhookConfiguration,
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
  Workload,
} from './kubernetes.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from './stash.ts';

/** One kind of object and its path in the API; `T` is the type of the objects that the server returns. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Tells the type checker `T`; never set. */
  readonly object?: T;
}

function namespaced<T extends KubernetesObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
): Resource<T> {
  return { group, version, kind, plural, namespaced: true };
}

function clusterScoped<T extends KubernetesObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
): Resource<T> {
  return { group, version, kind, plural, namespaced: false };
}

export const namespaces = clusterScoped<Namespace>('', 'v1', 'Namespace', 'namespaces');
export const pods = namespaced<Pod>('', 'v1', 'Pod', 'pods');
export const events = namespaced<Event>('', 'v1', 'Event', 'events');
export const persistentVolumeClaims = namespaced<PersistentVolumeClaim>(
  '',
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const persistentVolumes = clusterScoped<PersistentVolume>(
  '',
  'v1',
  'PersistentVolume',
  'persistentvolumes',
);
export const nodes = clusterScoped<ClusterNode>('', 'v1', 'Node', 'nodes');
export const resourceQuotas = namespaced<ResourceQuota>('', 'v1', 'ResourceQuota', 'resourcequotas');
export const limitRanges = namespaced<LimitRange>('', 'v1', 'LimitRange', 'limitranges');
export const replicationControllers = namespaced<Workload>(
  '',
  'v1',
  'ReplicationController',
  'replicationcontrollers',
);
export const deployments = namespaced<Workload>('apps', 'v1', 'Deployment', 'deployments');
export const statefulSets = namespaced<Workload>('apps', 'v1', 'StatefulSet', 'statefulsets');
export const daemonSets = namespaced<Workload>('apps', 'v1', 'DaemonSet', 'daemonsets');
export const replicaSets = namespaced<Workload>('apps', 'v1', 'ReplicaSet', 'replicasets');
export const jobs = namespaced<Job>('batch', 'v1', 'Job', 'jobs');
export const cronJobs = namespaced<CronJob>('batch', 'v1', 'CronJob', 'cronjobs');
export const serviceAccounts = namespaced<ServiceAccount>('', 'v1', 'ServiceAccount', 'serviceaccounts');
const rbac = 'rbac.authorization.k8s.io';
export const roles = namespaced<Role>(rbac, 'v1', 'Role', 'roles');
export const roleBindings = namespaced<RoleBinding>(rbac, 'v1', 'RoleBinding', 'rolebindings');
export const clusterRoles = clusterScoped<Role>(rbac, 'v1', 'ClusterRole', 'clusterroles');
export const clusterRoleBindings = clusterScoped<RoleBinding>(
  rbac,
  'v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
);
export const csiDrivers = clusterScoped('storage.k8s.io', 'v1', 'CSIDriver', 'csidrivers');
export const csiNodes = clusterScoped<CsiNode>('storage.k8s.io', 'v1', 'CSINode', 'csinodes');
export const secrets = namespaced('', 'v1', 'Secret', 'secrets');
export const leases = namespaced<Lease>('coordination.k8s.io', 'v1', 'Lease', 'leases');
export const podDisruptionBudgets = namespaced('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const networkPolicies = namespaced('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies');
export const storageClasses = clusterScoped<StorageClass>(
  'storage.k8s.io',
  'v1',
  'StorageClass',
  'storageclasses',
);
export const volumeSnapshots = namespaced<VolumeSnapshot>(
  'snapshot.storage.k8s.io',
  'v1',
  'VolumeSnapshot',
  'volumesnapshots',
);
export const volumeSnapshotClasses = clusterScoped<VolumeSnapshotClass>(
  'snapshot.storage.k8s.io',
  'v1',
  'VolumeSnapshotClass',
  'volumesnapshotclasses',
);
export const volumeSnapshotContents = clusterScoped<VolumeSnapshotContent>(
  'snapshot.storage.k8s.io',
  'v1',
  'VolumeSnapshotContent',
  'volumesnapshotcontents',
);
export const backupConfigurations = namespaced<BackupConfiguration>(
  'stash.appscode.com',
  'v1beta1',
  'BackupConfiguration',
  'backupconfigurations',
);
export const backupSessions = namespaced<BackupSession>(
  'stash.appscode.com',
  'v1beta1',
  'BackupSession',
  'backupsessions',
);
export const restoreSessions = namespaced<RestoreSession>(
  'stash.appscode.com',
  'v1beta1',
  'RestoreSession',
  'restoresessions',
);
export const customResourceDefinitions = clusterScoped<CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);
export const validatingWebhookConfigurations = clusterScoped<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io',
  'v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
);
export const selfSubjectAccessReviews = clusterScoped<SelfSubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'SelfSubjectAccessReview',
  'selfsubjectaccessreviews',
);
export const selfSubjectRulesReviews = clusterScoped<SelfSubjectRulesReview>(
  'authorization.k8s.io',
  'v1',
  'SelfSubjectRulesReview',
  'selfsubjectrulesreviews',
);

/** Returns `v1` for the core group, else for example `apps/v1`. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

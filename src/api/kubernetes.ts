/**
 * The parts of the Kubernetes API that this program reads or writes.
 * Field names and meaning: https://kubernetes.io/docs/reference/kubernetes-api/.
 * Times are RFC 3339 strings, quantities are strings such as `1Gi`.
 */

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFields[];
}

/** The fields that one client wrote last. */
export interface ManagedFields {
  /** The beginning of the client's User-Agent, if it gave no name. */
  manager?: string;
  operation?: 'Apply' | 'Update';
  subresource?: string;
  apiVersion?: string;
  fieldsType?: 'FieldsV1';
  /** A tree of names such as `f:spec`, and of an empty object for each field. */
  fieldsV1?: object;
}

/** Metadata as the server returns it. */
export type StoredMeta = ObjectMeta &
  Required<Pick<ObjectMeta, 'name' | 'uid' | 'resourceVersion' | 'creationTimestamp'>>;

/** An object as an API server has stored it: it has a name, a UID and a resource version. */
export type Stored<T extends KubernetesObject> = T & { metadata: StoredMeta };

/** An object whose name the client chose, in contrast to `generateName`. */
export type Named<T extends KubernetesObject> = T & { metadata: ObjectMeta & { name: string } };

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: {
    key: string;
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    values?: string[];
  }[];
}

export interface ListMeta {
  resourceVersion: string;
  continue?: string;
}

/** The server's answer to a request that failed, and to a delete. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, never>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: { reason?: string; message?: string; field?: string }[];
    retryAfterSeconds?: number;
  };
}

export interface TypedObjectReference {
  apiGroup?: string;
  kind: string;
  name: string;
  /** Only of a dataSourceRef; left out: that of the claim. */
  namespace?: string;
}

export type AccessMode = 'ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod';
export type VolumeMode = 'Filesystem' | 'Block';

export interface PersistentVolumeClaimSpec {
  accessModes?: AccessMode[];
  resources?: { requests?: { storage?: string }; limits?: { storage?: string } };
  storageClassName?: string;
  volumeMode?: VolumeMode;
  volumeName?: string;
  volumeAttributesClassName?: string;
  dataSource?: TypedObjectReference;
  dataSourceRef?: TypedObjectReference & { namespace?: string };
  selector?: LabelSelector;
}

export interface PersistentVolumeClaim extends KubernetesObject {
  spec: PersistentVolumeClaimSpec;
  status?: {
    phase?: 'Pending' | 'Bound' | 'Lost';
    accessModes?: AccessMode[];
    capacity?: { storage?: string };
  };
}

export interface PersistentVolume extends KubernetesObject {
  spec: {
    capacity?: { storage?: string };
    accessModes?: AccessMode[];
    volumeMode?: VolumeMode;
    storageClassName?: string;
    persistentVolumeReclaimPolicy?: 'Delete' | 'Retain' | 'Recycle';
    volumeAttributesClassName?: string;
    /** Without a UID, it reserves the volume for the next claim of that name. */
    claimRef?: {
      apiVersion?: string;
      kind?: string;
      namespace?: string;
      name?: string;
      uid?: string;
      resourceVersion?: string;
    };
    csi?: { driver: string; volumeHandle: string };
    hostPath?: { path: string };
    /** Which nodes can use it; left out: all. */
    nodeAffinity?: { required?: { nodeSelectorTerms?: NodeSelectorTerm[] } };
  };
  status?: { phase?: string; message?: string };
}

/** A node must meet all of it. */
export interface NodeSelectorTerm {
  matchExpressions?: NodeRequirement[];
  matchFields?: NodeRequirement[];
}

export interface NodeRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  values?: string[];
}

export interface ClusterNode extends KubernetesObject {
  spec?: { taints?: Taint[]; unschedulable?: boolean };
  status?: {
    conditions?: { type: string; status: string }[];
    nodeInfo?: { containerRuntimeVersion: string };
  };
}

/** The CSI drivers that have registered on a node of the same name. */
export interface CsiNode extends KubernetesObject {
  spec?: { drivers?: { name: string; nodeID: string }[] };
}

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

export interface ResourceQuota extends KubernetesObject {
  spec?: { hard?: Record<string, string>; scopes?: string[]; scopeSelector?: object };
  status?: { hard?: Record<string, string>; used?: Record<string, string> };
}

export interface LimitRange extends KubernetesObject {
  spec?: { limits?: { type?: string; min?: Record<string, string>; max?: Record<string, string> }[] };
}

export interface StorageClass extends KubernetesObject {
  provisioner: string;
  parameters?: Record<string, string>;
  reclaimPolicy?: 'Delete' | 'Retain';
  volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
  allowedTopologies?: { matchLabelExpressions?: { key: string; values: string[] }[] }[];
}

export interface Volume {
  name: string;
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  ephemeral?: { volumeClaimTemplate: { metadata?: ObjectMeta; spec: PersistentVolumeClaimSpec } };
  emptyDir?: Record<string, unknown>;
}

export interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[];
  envFrom?: object[];
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  resources?: object;
  securityContext?: object;
  livenessProbe?: object;
  readinessProbe?: object;
  terminationMessagePath?: string;
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError';
  lifecycle?: object;
  workingDir?: string;
  /**
   * Overrides the pod's restart policy. `Always` on an init container makes it a native sidecar, which runs
   * as long as the pod.
   */
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  startupProbe?: object;
  volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[];
  volumeDevices?: { name: string; devicePath: string }[];
}

export interface PodSpec {
  nodeName?: string;
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  terminationGracePeriodSeconds?: number;
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  nodeSelector?: Record<string, string>;
  affinity?: object;
  tolerations?: object[];
  topologySpreadConstraints?: object[];
  priorityClassName?: string;
  priority?: number;
  schedulerName?: string;
  runtimeClassName?: string;
  readinessGates?: object[];
  enableServiceLinks?: boolean;
  imagePullSecrets?: { name?: string }[];
  securityContext?: object;
  hostname?: string;
  subdomain?: string;
  initContainers?: Container[];
  containers: Container[];
  volumes?: Volume[];
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  image: string;
  imageID: string;
  containerID?: string;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: {
      exitCode: number;
      reason?: string;
      message?: string;
      startedAt?: string;
      finishedAt?: string;
    };
  };
  /** State of the container's previous run. */
  lastState?: ContainerStatus['state'];
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

export interface Pod extends KubernetesObject {
  spec: PodSpec;
  status?: {
    phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    reason?: string;
    message?: string;
    startTime?: string;
    podIP?: string;
    hostIP?: string;
    conditions?: Condition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

export interface PodTemplate {
  metadata?: ObjectMeta;
  spec: PodSpec;
}

/**
 * Deployment, ReplicaSet, ReplicationController, DaemonSet and StatefulSet: the fields that say which claims
 * they use.
 */
export interface Workload extends KubernetesObject {
  spec: {
    replicas?: number;
    /** Deployment only: its controller creates no pods of a new template. */
    paused?: boolean;
    selector?: LabelSelector | Record<string, string>;
    template: PodTemplate;
    volumeClaimTemplates?: { metadata: ObjectMeta; spec: PersistentVolumeClaimSpec }[];
    serviceName?: string;
    ordinals?: { start?: number };
    podManagementPolicy?: 'OrderedReady' | 'Parallel';
    persistentVolumeClaimRetentionPolicy?: {
      whenDeleted?: 'Retain' | 'Delete';
      whenScaled?: 'Retain' | 'Delete';
    };
  };
  status?: { replicas?: number; readyReplicas?: number; observedGeneration?: number } & Record<
    string,
    unknown
  >;
}

export interface JobSpec {
  template: PodTemplate;
  backoffLimit?: number;
  completions?: number;
  parallelism?: number;
  activeDeadlineSeconds?: number;
  ttlSecondsAfterFinished?: number;
  podReplacementPolicy?: 'TerminatingOrFailed' | 'Failed';
  suspend?: boolean;
  selector?: LabelSelector;
  manualSelector?: boolean;
}

export interface Job extends KubernetesObject {
  spec?: JobSpec;
  status?: {
    active?: number;
    ready?: number;
    succeeded?: number;
    failed?: number;
    startTime?: string;
    completionTime?: string;
    conditions?: Condition[];
  } & Record<string, unknown>;
}

export interface CronJob extends KubernetesObject {
  spec: {
    schedule: string;
    timeZone?: string;
    suspend?: boolean;
    concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace';
    startingDeadlineSeconds?: number;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    jobTemplate: { metadata?: ObjectMeta; spec: JobSpec };
  };
  status?: {
    active?: { apiVersion?: string; kind?: string; name?: string; namespace?: string; uid?: string }[];
    lastScheduleTime?: string;
    lastSuccessfulTime?: string;
  };
}

export interface ServiceAccount extends KubernetesObject {
  imagePullSecrets?: { name?: string }[];
}

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** Role and ClusterRole. */
export interface Role extends KubernetesObject {
  rules: PolicyRule[];
}

/** RoleBinding and ClusterRoleBinding. */
export interface RoleBinding extends KubernetesObject {
  roleRef: { apiGroup: string; kind: 'Role' | 'ClusterRole'; name: string };
  subjects?: {
    kind: 'ServiceAccount' | 'Group' | 'User';
    name: string;
    namespace?: string;
    apiGroup?: string;
  }[];
}

export interface Lease extends KubernetesObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    /** RFC 3339 with microseconds. */
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

/** Core v1: what happened to an object, for people to read. */
export interface Event extends KubernetesObject {
  involvedObject: {
    apiVersion?: string;
    kind?: string;
    namespace?: string;
    name?: string;
    uid?: string;
    resourceVersion?: string;
  };
  type?: string;
  reason?: string;
  message?: string;
  source?: { component?: string; host?: string };
  count?: number;
  firstTimestamp?: string;
  lastTimestamp?: string;
  eventTime?: string | null;
}

export interface Namespace extends KubernetesObject {
  spec?: { finalizers?: string[] };
  status?: { phase?: 'Active' | 'Terminating' };
}

export type DeletionPolicy = 'Delete' | 'Retain';

export interface VolumeSnapshotClass extends KubernetesObject {
  driver: string;
  deletionPolicy: DeletionPolicy;
  parameters?: Record<string, string>;
}

export interface VolumeSnapshot extends KubernetesObject {
  spec: {
    source: { persistentVolumeClaimName?: string; volumeSnapshotContentName?: string };
    volumeSnapshotClassName?: string;
  };
  status?: {
    boundVolumeSnapshotContentName?: string;
    /** The point in time of the snapshot: writes after it are not in the snapshot. */
    creationTime?: string;
    readyToUse?: boolean;
    restoreSize?: string;
    error?: { message?: string; time?: string };
    /** The VolumeGroupSnapshot that it was cut with. */
    volumeGroupSnapshotName?: string;
  };
}

export interface VolumeSnapshotContent extends KubernetesObject {
  spec: {
    driver: string;
    deletionPolicy: DeletionPolicy;
    source: { volumeHandle?: string; snapshotHandle?: string };
    sourceVolumeMode?: VolumeMode;
    volumeSnapshotClassName?: string;
    volumeSnapshotRef: {
      apiVersion?: string;
      kind?: string;
      namespace?: string;
      name?: string;
      uid?: string;
    };
  };
  status?: {
    snapshotHandle?: string;
    /** Nanoseconds since the epoch. */
    creationTime?: number;
    readyToUse?: boolean;
    /** Bytes. */
    restoreSize?: number;
    error?: { message?: string; time?: string };
  };
}

/** The requesting user's rights in one namespace (authorization.k8s.io/v1). */
export interface SelfSubjectRulesReview extends KubernetesObject {
  spec: { namespace: string };
  status?: {
    incomplete: boolean;
    resourceRules: {
      verbs: string[];
      apiGroups?: string[];
      resources?: string[];
      resourceNames?: string[];
    }[];
    nonResourceRules?: unknown[];
    evaluationError?: string;
  };
}

/** Whether the requesting user has one right (authorization.k8s.io/v1). */
export interface SelfSubjectAccessReview extends KubernetesObject {
  spec: {
    resourceAttributes: {
      /** Left out for cluster-scoped resources. */
      namespace?: string;
      verb: string;
      group: string;
      resource: string;
      subresource?: string;
    };
  };
  status?: { allowed: boolean };
}

export interface CustomResourceDefinition extends KubernetesObject {
  spec: {
    group: string;
    scope: 'Namespaced' | 'Cluster';
    names: {
      plural: string;
      singular: string;
      kind: string;
      listKind?: string;
      shortNames?: string[];
      categories?: string[];
    };
    versions: {
      name: string;
      served: boolean;
      storage: boolean;
      schema?: { openAPIV3Schema: JsonSchema };
      subresources?: { status?: Record<string, never> };
      additionalPrinterColumns?: PrinterColumn[];
    }[];
  };
  status?: {
    conditions?: Condition[];
    /** Versions in which objects may be stored. */
    storedVersions?: string[];
  } & Record<string, unknown>;
}

/** Which requests the API server lets other servers judge. */
export interface ValidatingWebhookConfiguration extends KubernetesObject {
  webhooks?: { name: string; failurePolicy?: 'Fail' | 'Ignore' }[];
}

export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  description?: string;
  format?: string;
  priority?: number;
}

/** The structural subset of OpenAPI v3 that a CustomResourceDefinition may use. */
export interface JsonSchema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  format?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  required?: string[];
  enum?: (string | number | boolean)[];
  default?: unknown;
  nullable?: boolean;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  not?: JsonSchema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: { rule: string; message?: string }[];
}

/** The kinds that the server serves from the start. */
import { allVerbs, type Kind } from './kind.ts';

type Traits = Partial<
  Pick<
    Kind,
    | 'shortNames'
    | 'categories'
    | 'verbs'
    | 'status'
    | 'scale'
    | 'generation'
    | 'selectableFields'
    | 'namespaced'
  >
>;

function builtIn(group: string, kind: string, plural: string, traits: Traits = {}): Kind {
  return {
    group,
    version: 'v1',
    kind,
    plural,
    namespaced: true,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    status: false,
    scale: false,
    generation: false,
    selectableFields: [],
    ...traits,
  };
}

const rbac = 'rbac.authorization.k8s.io';
const cluster = { namespaced: false } as const;
const all = { categories: ['all'] } as const;
const workload = { ...all, status: true, generation: true } as const;
const scalable = { ...workload, scale: true } as const;
/** A review: the server answers it at once and never stores it. */
const review = { namespaced: false, verbs: ['create'] } as const;

const involvedObject = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const builtInKinds: readonly Kind[] = [
  builtIn('', 'Binding', 'bindings', { verbs: ['create'] }),
  builtIn('', 'ConfigMap', 'configmaps', { shortNames: ['cm'] }),
  builtIn('', 'Event', 'events', {
    shortNames: ['ev'],
    selectableFields: [
      ...involvedObject.map((field) => `involvedObject.${field}`),
      'reason',
      'source',
      'type',
    ],
  }),
  builtIn('', 'LimitRange', 'limitranges', { shortNames: ['limits'] }),
  builtIn('', 'Namespace', 'namespaces', {
    ...cluster,
    shortNames: ['ns'],
    status: true,
    selectableFields: ['status.phase'],
  }),
  builtIn('', 'Node', 'nodes', { ...cluster, shortNames: ['no'], status: true }),
  builtIn('', 'PersistentVolumeClaim', 'persistentvolumeclaims', { shortNames: ['pvc'], status: true }),
  builtIn('', 'PersistentVolume', 'persistentvolumes', { ...cluster, shortNames: ['pv'], status: true }),
  builtIn('', 'Pod', 'pods', {
    ...all,
    shortNames: ['po'],
    status: true,
    selectableFields: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
    ],
  }),
  builtIn('', 'ReplicationController', 'replicationcontrollers', { ...scalable, shortNames: ['rc'] }),
  builtIn('', 'ResourceQuota', 'resourcequotas', { shortNames: ['quota'], status: true }),
  builtIn('', 'Secret', 'secrets', { selectableFields: ['type'] }),
  builtIn('', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'] }),
  builtIn('', 'Service', 'services', { ...all, shortNames: ['svc'], status: true }),
  builtIn('apps', 'DaemonSet', 'daemonsets', { ...workload, shortNames: ['ds'] }),
  builtIn('apps', 'Deployment', 'deployments', { ...scalable, shortNames: ['deploy'] }),
  builtIn('apps', 'ReplicaSet', 'replicasets', { ...scalable, shortNames: ['rs'] }),
  builtIn('apps', 'StatefulSet', 'statefulsets', { ...scalable, shortNames: ['sts'] }),
  builtIn('batch', 'CronJob', 'cronjobs', { ...workload, shortNames: ['cj'] }),
  builtIn('batch', 'Job', 'jobs', workload),
  builtIn('policy', 'PodDisruptionBudget', 'poddisruptionbudgets', {
    shortNames: ['pdb'],
    status: true,
    generation: true,
  }),
  builtIn('networking.k8s.io', 'NetworkPolicy', 'networkpolicies', {
    shortNames: ['netpol'],
    generation: true,
  }),
  builtIn(rbac, 'ClusterRole', 'clusterroles', cluster),
  builtIn(rbac, 'ClusterRoleBinding', 'clusterrolebindings', cluster),
  builtIn(rbac, 'Role', 'roles'),
  builtIn(rbac, 'RoleBinding', 'rolebindings'),
  builtIn('storage.k8s.io', 'CSIDriver', 'csidrivers', cluster),
  builtIn('storage.k8s.io', 'CSINode', 'csinodes', cluster),
  builtIn('storage.k8s.io', 'StorageClass', 'storageclasses', { ...cluster, shortNames: ['sc'] }),
  builtIn('coordination.k8s.io', 'Lease', 'leases'),
  builtIn('apiextensions.k8s.io', 'CustomResourceDefinition', 'customresourcedefinitions', {
    ...cluster,
    shortNames: ['crd', 'crds'],
    status: true,
    generation: true,
  }),
  builtIn('authorization.k8s.io', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', review),
  builtIn('authorization.k8s.io', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews', review),
  builtIn('authorization.k8s.io', 'SubjectAccessReview', 'subjectaccessreviews', review),
  builtIn('authorization.k8s.io', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', {
    verbs: ['create'],
  }),
  builtIn('authentication.k8s.io', 'SelfSubjectReview', 'selfsubjectreviews', review),
];

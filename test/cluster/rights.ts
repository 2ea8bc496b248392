/** The rights of the cluster's programs that are not part of Kubernetes. */
import type { Cluster } from '#src/cluster/port.ts';
import { kubeletClient } from './authority.ts';
import { clusterRoleBindings, clusterRoles, rbacGroup as rbac, type Rule } from '#test/support/rbac.ts';

const read = 'get list watch';
const events = 'list watch create update patch';
const snapshotGroup = 'snapshot.storage.k8s.io';
const groupGroup = 'groupsnapshot.storage.k8s.io';
const groups = {
  [`volumegroupsnapshotclasses.${groupGroup}`]: read,
  [`volumegroupsnapshotcontents.${groupGroup}`]: `${read} create update patch delete`,
  [`volumegroupsnapshotcontents.${groupGroup}/status`]: 'update patch',
};

/** Rights by user and resource (`PLURAL.GROUP/SUBRESOURCE`), as the sidecars' deployments grant them. */
const rights: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'snapshot-controller': {
    events,
    persistentvolumes: read,
    persistentvolumeclaims: `${read} update`,
    [`volumesnapshotclasses.${snapshotGroup}`]: read,
    [`volumesnapshotcontents.${snapshotGroup}`]: `${read} create update patch delete`,
    [`volumesnapshotcontents.${snapshotGroup}/status`]: 'patch',
    [`volumesnapshots.${snapshotGroup}`]: `${read} create update patch delete`,
    [`volumesnapshots.${snapshotGroup}/status`]: 'update patch',
    ...groups,
    [`volumegroupsnapshots.${groupGroup}`]: `${read} update patch`,
    [`volumegroupsnapshots.${groupGroup}/status`]: 'update patch',
  },
  'csi-snapshotter': {
    events,
    [`volumesnapshotclasses.${snapshotGroup}`]: read,
    [`volumesnapshotcontents.${snapshotGroup}`]: `${read} update patch`,
    [`volumesnapshotcontents.${snapshotGroup}/status`]: 'update patch',
    ...groups,
  },
  'csi-provisioner': {
    events,
    nodes: read,
    persistentvolumes: `${read} create patch delete`,
    persistentvolumeclaims: `${read} update`,
    'storageclasses.storage.k8s.io': read,
    'csinodes.storage.k8s.io': read,
    'volumeattachments.storage.k8s.io': read,
    [`volumesnapshots.${snapshotGroup}`]: `${read} update`,
    [`volumesnapshotcontents.${snapshotGroup}`]: 'get list',
  },
  'node-agent': {
    events,
    nodes: `${read} create patch`,
    'nodes/status': 'patch',
    pods: `${read} delete`,
    'pods/status': 'patch',
    bindings: 'create',
    'serviceaccounts/token': 'create',
    persistentvolumes: read,
    persistentvolumeclaims: `${read} patch`,
    'storageclasses.storage.k8s.io': read,
  },
};

/** Users of predefined roles. */
const given: Readonly<Record<string, string>> = {
  [kubeletClient]: 'system:kubelet-api-admin',
  'system:kube-proxy': 'system:node-proxier',
};

/** Grants the rights; `cluster` is the administrator's. */
export async function grantRights(cluster: Cluster): Promise<void> {
  await Promise.all([
    ...Object.entries(given).map(([user, role]) => bind(cluster, user, role)),
    ...Object.entries(rights).map(async ([name, resources]) => {
      const metadata = { name: `test:${name}` };
      const rules = Object.entries(resources).map(([resource, verbs]) => ruleOf(resource, verbs));
      await cluster.create(clusterRoles, {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRole',
        metadata,
        rules,
      });
      await bind(cluster, name, metadata.name);
    }),
  ]);
}

async function bind(cluster: Cluster, user: string, role: string): Promise<void> {
  await cluster.create(clusterRoleBindings, {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `test:${user}` },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: rbac, kind: 'User', name: user }],
  });
}

function ruleOf(resource: string, verbs: string): Rule {
  const [path = '', subresource] = resource.split('/');
  const [plural = '', ...group] = path.split('.');
  return {
    apiGroups: [group.join('.')],
    resources: [subresource === undefined ? plural : `${plural}/${subresource}`],
    verbs: verbs.split(' '),
  };
}

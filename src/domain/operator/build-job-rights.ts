/** The ServiceAccount of the Jobs of a configuration or a restore session, and its RoleBindings. */
import type { KubernetesObject, Named, RoleBinding, ServiceAccount, Stored } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { RuntimeSettings } from '#src/api/stash.ts';
import { shorten } from '#src/domain/workload/names.ts';

/** A BackupConfiguration or a RestoreSession. */
export type RightsOwner = Stored<KubernetesObject & { spec: { runtimeSettings?: RuntimeSettings } }>;

export interface JobRights {
  /** Name of the Jobs' ServiceAccount. */
  readonly account: string;
  /** The ServiceAccount to create; undefined where `runtimeSettings` names one that the user has created. */
  readonly serviceAccount: Named<ServiceAccount> | undefined;
  /** One for each role. */
  readonly bindings: readonly Named<RoleBinding>[];
}

const nameLimit = 253;
/** The role of a binding cannot be changed, and the next `install` may choose the other kind. */
const bindingPrefix = { ClusterRole: 'stash', Role: 'stash.role' } satisfies Record<JobRoleKind, string>;

/**
 * `runtimeSettings.pod.serviceAccountName`, else `stash-<configuration>`, or `stash.restore-<restore session>`: with the
 * dot, no configuration's account can have that name.
 */
export function jobAccount({ kind, metadata, spec }: RightsOwner): string {
  const given = spec.runtimeSettings?.pod?.serviceAccountName ?? '';
  if (given !== '') return given;
  const prefix = kind === 'RestoreSession' ? 'stash.restore' : 'stash';
  return shorten(`${prefix}-${metadata.name}`, nameLimit);
}

/** `Role`: where the operator watches only some namespaces, each of them has the Jobs' roles. */
export type JobRoleKind = 'ClusterRole' | 'Role';

/** All objects are owned by `owner`, so that Kubernetes deletes them with it. */
export function buildJobRights(
  owner: RightsOwner,
  roles: readonly string[],
  roleKind: JobRoleKind = 'ClusterRole',
): JobRights {
  const { name, namespace = '', uid } = owner.metadata;
  const account = jobAccount(owner);
  const pod = owner.spec.runtimeSettings?.pod ?? {};
  const given = pod.serviceAccountName ?? '';
  const metadata = {
    namespace,
    labels: { [label.managedBy]: managedBy },
    ownerReferences: [{ apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true }],
  };
  return {
    account,
    serviceAccount:
      given === ''
        ? {
            apiVersion: 'v1',
            kind: 'ServiceAccount',
            metadata: {
              ...metadata,
              name: account,
              ...(pod.serviceAccountAnnotations && { annotations: pod.serviceAccountAnnotations }),
            },
          }
        : undefined,
    bindings: roles.map((role) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { ...metadata, name: shorten(`${bindingPrefix[roleKind]}-${name}-${role}`, nameLimit) },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: role },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    })),
  };
}

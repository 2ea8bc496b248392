/** The ServiceAccount of the Jobs of a configuration or a restore session, and its RoleBindings. */
import type { KubernetesObject, Named, RoleBinding, ServiceAccount, Stored } from '#src/api/kubernetes.ts';
import { allowed, label, managedBy } from '#src/api/labels.ts';
import type { RuntimeSettings } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { shorten } from '#src/domain/workload/names.ts';
import { StashError } from '#src/errors.ts';

/** A BackupConfiguration or a RestoreSession. */
export type RightsOwner = Stored<KubernetesObject & { spec: { runtimeSettings?: RuntimeSettings } }>;

export interface JobRights {
  /** Name of the Jobs' ServiceAccount. */
  readonly account: string;
  readonly namespace: string;
  /** The ServiceAccount to create; undefined if `runtimeSettings` names one that a user has created. */
  readonly serviceAccount: Named<ServiceAccount> | undefined;
  /** What `runtimeSettings` adds to it, if it has the label that allows this. */
  readonly annotations: Readonly<Record<string, string>>;
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

/** `Role`: if the operator watches only some namespaces, each of them has the Jobs' roles. */
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
    namespace,
    serviceAccount:
      given === ''
        ? { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, name: account } }
        : undefined,
    annotations: pod.serviceAccountAnnotations ?? {},
    bindings: roles.map((role) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { ...metadata, name: shorten(`${bindingPrefix[roleKind]}-${name}-${role}`, nameLimit) },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: role },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    })),
  };
}

/**
 * Users who may write a configuration may neither use every account of the namespace nor annotate one, as for a role at
 * a cloud provider. Throws 'precondition' if the account lacks the label by which users who may write it allow this.
 * `field`: the field of `runtimeSettings.pod` that asks for it.
 */
export function demandAllowed(
  { metadata: { name = '', namespace = '', labels } }: ServiceAccount,
  field: 'serviceAccountName' | 'serviceAccountAnnotations',
): void {
  if (labels?.[label.jobs] === allowed) return;
  throw new StashError(
    'precondition',
    `spec.runtimeSettings.pod.${field} is refused: serviceaccount/${name} does not have the label ${label.jobs}=${allowed}`,
    { hint: commandLine`kubectl label serviceaccount ${name} -n ${namespace} ${`${label.jobs}=${allowed}`}` },
  );
}

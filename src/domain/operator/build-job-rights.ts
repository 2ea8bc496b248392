/** Builds the ServiceAccount of the Jobs of a configuration or a RestoreSession, and its RoleBindings. */
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
  /** The ServiceAccount to create. Undefined if `runtimeSettings` names a ServiceAccount of a user. */
  readonly serviceAccount: Named<ServiceAccount> | undefined;
  /** The annotations that `runtimeSettings` adds to the ServiceAccount, if its label allows this. */
  readonly annotations: Readonly<Record<string, string>>;
  /** One binding for each role. */
  readonly bindings: readonly Named<RoleBinding>[];
}

const nameLimit = 253;
/**
 * The names differ by kind of role: nobody can change the roleRef of a binding, and the next `install` may choose the
 * other kind.
 */
const bindingPrefix = { ClusterRole: 'stash', Role: 'stash.role' } satisfies Record<JobRoleKind, string>;

/**
 * Returns `runtimeSettings.pod.serviceAccountName`, else `stash-<configuration>` or `stash.restore-<RestoreSession>`.
 * Because of the dot, no account of a configuration can have the name of a RestoreSession's account.
 */
export function jobAccount({ kind, metadata, spec }: RightsOwner): string {
  const given = spec.runtimeSettings?.pod?.serviceAccountName ?? '';
  if (given !== '') return given;
  const prefix = kind === 'RestoreSession' ? 'stash.restore' : 'stash';
  return shorten(`${prefix}-${metadata.name}`, nameLimit);
}

/** `Role` if the operator watches only some namespaces: each of these then has the roles of the Jobs. */
export type JobRoleKind = 'ClusterRole' | 'Role';

/** All objects have an owner reference to `owner`, so that the garbage collector deletes them with it. */
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
 * Throws 'precondition' unless the ServiceAccount has the label that allows Jobs to use it. Users who may write a
 * configuration may not use or annotate every ServiceAccount of the namespace: an annotation may grant a role at a
 * cloud provider. Only users who may write the ServiceAccount can set the label. `field` is the field of
 * `runtimeSettings.pod` that asks for the account.
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

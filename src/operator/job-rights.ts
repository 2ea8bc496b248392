/** Creates the ServiceAccount of Jobs and its RoleBindings; never overwrites objects of other owners. */
import type { KubernetesObject, Named, RoleBinding, Stored } from '#src/api/kubernetes.ts';
import { roleBindings, serviceAccounts, type Resource } from '#src/api/resources.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { includesJson } from '#src/domain/includes-json.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { JobRights, JobRoleKind } from '#src/domain/operator/build-job-rights.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { OperatorOptions } from './world.ts';

/** As `install` creates the roles. */
export function jobRoleKind({ watchNamespaces }: OperatorOptions): JobRoleKind {
  return watchNamespaces === undefined ? 'ClusterRole' : 'Role';
}

/**
 * Safe to repeat: writes only where an object is missing or has changed.
 * @throws StashError 'precondition' where an object of that name has another owner or binds another role; passes on
 *   every error of the API server
 */
export async function ensureJobRights(cluster: Cluster, rights: JobRights): Promise<void> {
  const { serviceAccount, bindings } = rights;
  if (serviceAccount) {
    const annotations = serviceAccount.metadata.annotations ?? {};
    await ensure(cluster, serviceAccounts, serviceAccount, ({ metadata }) =>
      includesJson(metadata.annotations ?? {}, annotations) ? undefined : { metadata: { annotations } },
    );
  }
  await Promise.all(
    bindings.map((binding) =>
      ensure(cluster, roleBindings, binding, (present) => subjectsPatch(present, binding)),
    ),
  );
}

function subjectsPatch(present: RoleBinding, { roleRef, subjects }: RoleBinding): object | undefined {
  if (!includesJson(present.roleRef, roleRef)) {
    const name = present.metadata.name ?? '';
    throw new StashError(
      'precondition',
      `rolebinding/${name} binds another role than ${roleRef.kind.toLowerCase()}/${roleRef.name}`,
      { hint: commandLine`kubectl delete rolebinding ${name} -n ${present.metadata.namespace ?? ''}` },
    );
  }
  const same = includesJson(present.subjects, subjects) && present.subjects?.length === subjects?.length;
  return same ? undefined : { subjects };
}

/** `fix` returns the merge patch that corrects the existing object; undefined where it is already correct. */
async function ensure<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  wanted: Named<T>,
  fix: (present: Stored<T>) => object | undefined,
): Promise<void> {
  const present =
    (await find(cluster, resource, wanted.metadata)) ?? (await create(cluster, resource, wanted));
  // Undefined: `create` has just created it as wanted.
  if (present === undefined) return;
  const [owner] = wanted.metadata.ownerReferences ?? [];
  const { name, namespace, ownerReferences = [] } = present.metadata;
  if (!ownerReferences.some(({ uid }) => uid === owner?.uid)) {
    const what = `${resource.kind.toLowerCase()}/${name}`;
    throw new StashError(
      'precondition',
      `${what} exists and was not created for ${owner?.kind.toLowerCase() ?? ''}/${owner?.name ?? ''}`,
      { hint: commandLine`kubectl delete ${resource.kind.toLowerCase()} ${name} -n ${namespace ?? ''}` },
    );
  }
  const patch = fix(present);
  if (patch) await cluster.patch(resource, { name, namespace }, patch);
}

/** Resolves with undefined where it created the object; else with the one that another client created first. */
async function create<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  wanted: Named<T>,
): Promise<Stored<T> | undefined> {
  try {
    await cluster.create<T>(resource, wanted);
    return undefined;
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    return await find(cluster, resource, wanted.metadata);
  }
}

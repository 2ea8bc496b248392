/** Creates the ServiceAccount of Jobs and its RoleBindings; never overwrites objects of other owners. */
import type { KubernetesObject, Named, RoleBinding, Stored } from '#src/api/kubernetes.ts';
import { roleBindings, serviceAccounts, type Resource } from '#src/api/resources.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { includesJson } from '#src/domain/includes-json.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { demandAllowed, type JobRights, type JobRoleKind } from '#src/domain/operator/build-job-rights.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { OperatorOptions } from './world.ts';

/** The kind of role that `install` creates for Jobs. */
export function jobRoleKind({ watchNamespaces }: OperatorOptions): JobRoleKind {
  return watchNamespaces === undefined ? 'ClusterRole' : 'Role';
}

/**
 * Safe to repeat: writes only if an object is missing or has changed.
 * @throws StashError 'precondition' if an object of that name has another owner or binds another role, or if the
 *   account may not be chosen or annotated; passes on every error of the API server
 */
export async function ensureJobRights(cluster: Cluster, rights: JobRights): Promise<void> {
  const { serviceAccount, annotations, bindings } = rights;
  if (serviceAccount) {
    await ensure(cluster, serviceAccounts, serviceAccount, (present) => {
      if (includesJson(present.metadata.annotations ?? {}, annotations)) return undefined;
      demandAllowed(present, 'serviceAccountAnnotations');
      return { metadata: { annotations } };
    });
  } else {
    await checkChosenAccount(cluster, rights.namespace, rights.account);
  }
  await Promise.all(
    bindings.map((binding) =>
      ensure(cluster, roleBindings, binding, (present) => subjectsPatch(present, binding)),
    ),
  );
}

/** Throws as `demandAllowed` does, also if the account does not exist. */
export async function checkChosenAccount(cluster: Cluster, namespace: string, name: string): Promise<void> {
  const account = await find(cluster, serviceAccounts, { name, namespace });
  if (account === undefined) {
    throw new StashError('precondition', `serviceaccount/${name} does not exist`, {
      hint: commandLine`kubectl create serviceaccount ${name} -n ${namespace}`,
    });
  }
  demandAllowed(account, 'serviceAccountName');
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

/** `fix` returns the merge patch that corrects the existing object; undefined if it is already correct. */
async function ensure<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  wanted: Named<T>,
  fix: (present: Stored<T>) => object | undefined,
): Promise<void> {
  const present =
    (await find(cluster, resource, wanted.metadata)) ?? (await create(cluster, resource, wanted));
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

/** Resolves with the object that it, or another client before it, created. */
async function create<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  wanted: Named<T>,
): Promise<Stored<T>> {
  try {
    return await cluster.create<T>(resource, wanted);
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    const { name, namespace } = wanted.metadata;
    return await cluster.get(resource, name, namespace);
  }
}

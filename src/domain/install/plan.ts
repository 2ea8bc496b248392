/** What is to be done so that a cluster has what it should have; or why it must not be done. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { clusterRole } from '#src/api/operator.ts';
import { clusterRoleBindings, customResourceDefinitions, namespaces } from '#src/api/resources.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { StashError } from '#src/errors.ts';

import { operatorHome } from './bindings.ts';
import type { Manifest } from './options.ts';
import { isAppsCodes, isOurs, ours } from './ownership.ts';

/** `create` and `patch` are still to be done; an object that is left is somebody else's. */
export type Step = Manifest &
  (
    | { readonly do: 'create' }
    | { readonly do: 'patch'; readonly existing: Stored<KubernetesObject> }
    | { readonly do: 'leave'; readonly why: string }
  );

export interface Found extends Manifest {
  /** What the cluster has under that name. */
  readonly existing: Stored<KubernetesObject> | undefined;
}

/** Throws where anything stands in the way: nothing has been written yet then. */
export function planInstall(found: readonly Found[]): Step[] {
  refuseSecondHome(found);
  const steps = found.map(stepFor);
  const leaving = steps.find((step) => step.do === 'patch' && step.existing.metadata.deletionTimestamp);
  if (leaving) {
    throw new StashError('precondition', `${named(leaving)} is being deleted`, {
      hint: `wait until it is gone, then install again:\n${commandLine`kubectl wait --for=delete ${address(leaving)}`}`,
    });
  }
  const foreign = found.filter((each) => stepFor(each).do === 'patch' && isForeign(each));
  const [first] = foreign;
  if (first) {
    throw new StashError(
      'precondition',
      `${foreign.map(named).join(', ')} ${foreign.length === 1 ? 'exists and is' : 'exist and are'} not ours: the label ${ours} is missing`,
      { hint: `see whose it is:\n${commandLine`kubectl get ${address(first)} -o yaml`}` },
    );
  }
  return steps;
}

function stepFor({ existing, ...manifest }: Found): Step {
  if (existing === undefined) return { ...manifest, do: 'create' };
  if (manifest.resource === customResourceDefinitions && isAppsCodes(existing)) {
    return { ...manifest, do: 'leave', why: "it belongs to AppsCode's Stash" };
  }
  if (manifest.resource === namespaces && !isOurs(existing) && !existing.metadata.deletionTimestamp) {
    return { ...manifest, do: 'leave', why: 'it was there before' };
  }
  return { ...manifest, do: 'patch', existing };
}

/** Nobody but Stash defines these kinds: a definition is never foreign. */
function isForeign({ resource, existing }: Found): boolean {
  return existing !== undefined && resource !== customResourceDefinitions && !isOurs(existing);
}

/** Two operators with a Lease each would both do everything. */
function refuseSecondHome(found: readonly Found[]): void {
  for (const { resource, object, existing } of found) {
    if (resource !== clusterRoleBindings || object.metadata.name !== clusterRole.operator || !existing)
      continue;
    const home = isOurs(existing) ? operatorHome(existing) : undefined;
    const wanted = operatorHome(object);
    if (home === undefined || home === wanted) continue;
    throw new StashError('precondition', `the operator is installed in namespace ${home} already`, {
      hint: `bring that one up to date:\n${commandLine`kubectl stash install -n ${home}`}\nor remove it first:\n${commandLine`kubectl stash uninstall -n ${home}`}`,
    });
  }
}

/** `role.rbac.authorization.k8s.io/foo in namespace bar` */
function named({ resource, object }: Manifest): string {
  const { name, namespace } = object.metadata;
  const group = resource.group === '' ? '' : `.${resource.group}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${resource.kind.toLowerCase()}${group}/${name}${where}`;
}

/** As kubectl takes it. */
function address({ resource, object }: Manifest): string[] {
  const { name, namespace } = object.metadata;
  const group = resource.group === '' ? '' : `.${resource.group}`;
  return [`${resource.plural}${group}/${name}`, ...inNamespace(namespace)];
}

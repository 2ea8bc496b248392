/** Plans an installation, or refuses it. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { customResourceDefinitions, namespaces } from '#src/api/resources.ts';
import { commandLine, inNamespace, type FlagWord } from '#src/domain/command-line.ts';
import { StashError } from '#src/errors.ts';

import type { Installation } from './bindings.ts';
import type { Manifest } from './options.ts';
import { isAppsCodes, isOurs, ours, ownRelease, type HelmRelease } from './ownership.ts';

/** `leave` is for objects that this program must not change; `why` is shown to the user. */
export type Step = Manifest &
  (
    | { readonly do: 'create' }
    | { readonly do: 'patch'; readonly existing: Stored<KubernetesObject> }
    | { readonly do: 'leave'; readonly why: string }
  );

export interface Found extends Manifest {
  /** The object of that name in the cluster; undefined if it does not exist. */
  readonly existing: Stored<KubernetesObject> | undefined;
}

/**
 * The step for each object, in the order given. Throws before anything is written.
 * @throws StashError 'precondition' if an object is being deleted or is not ours
 */
export function planInstall(found: readonly Found[]): Step[] {
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
      `${foreign.map(named).join(', ')} ${foreign.length === 1 ? 'exists and is' : 'exist and are'} not managed by kubectl-stash: the label ${ours} is missing`,
      { hint: `see who manages it:\n${commandLine`kubectl get ${address(first)} -o yaml`}` },
    );
  }
  return steps;
}

function stepFor({ existing, ...manifest }: Found): Step {
  if (existing === undefined) return { ...manifest, do: 'create' };
  if (manifest.resource === customResourceDefinitions && isAppsCodes(existing)) {
    return { ...manifest, do: 'leave', why: "it belongs to AppsCode's Stash" };
  }
  const release = manifest.resource === customResourceDefinitions ? ownRelease(existing) : undefined;
  if (release) return { ...manifest, do: 'leave', why: `it belongs to ${inWords(release)}` };
  if (manifest.resource === namespaces && !isOurs(existing) && !existing.metadata.deletionTimestamp) {
    return { ...manifest, do: 'leave', why: 'it was there before' };
  }
  return { ...manifest, do: 'patch', existing };
}

/** A CustomResourceDefinition is never foreign: only Stash defines these kinds. */
function isForeign({ resource, existing }: Found): boolean {
  return existing !== undefined && resource !== customResourceDefinitions && !isOurs(existing);
}

/**
 * Two operators in different namespaces have separate Leases: both would carry out every session.
 * @throws StashError 'precondition' if an operator is installed in another namespace than `wanted`
 */
export function refuseSecondHome(installed: Installation | undefined, wanted: string): void {
  if (installed === undefined || installed.home === wanted) return;
  const { home } = installed;
  throw new StashError('precondition', `the operator is already installed in namespace ${home}`, {
    hint: `update that installation:\n${commandLine`kubectl stash install -n ${home}`}\nor remove it first:\n${commandLine`kubectl stash uninstall -n ${home}`}`,
  });
}

/**
 * The next upgrade of the release would undo what this program changes, and it has to be removed with Helm.
 * @throws StashError 'precondition' if Helm has installed the operator
 */
export function refuseHelms(installed: Installation | undefined): void {
  if (!installed?.release) return;
  const { name, namespace } = installed.release;
  throw new StashError('precondition', `${inWords(installed.release)} manages the operator`, {
    hint: `change its values with helm upgrade, or remove it:\n${commandLine`helm uninstall ${name} -n ${namespace} --wait`}`,
  });
}

function inWords({ name, namespace }: HelmRelease): string {
  return `Helm release ${name} in namespace ${namespace}`;
}

/** `role.rbac.authorization.k8s.io/foo in namespace bar` */
function named({ resource, object }: Manifest): string {
  const { name, namespace } = object.metadata;
  const group = resource.group === '' ? '' : `.${resource.group}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${resource.kind.toLowerCase()}${group}/${name}${where}`;
}

/** The arguments with which kubectl addresses the object. */
function address({ resource, object }: Manifest): (string | FlagWord)[] {
  const { name, namespace } = object.metadata;
  const group = resource.group === '' ? '' : `.${resource.group}`;
  return [`${resource.plural}${group}/${name}`, ...inNamespace(namespace)];
}

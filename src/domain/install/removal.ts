/** Says which objects `uninstall` deletes and in which order, and builds its messages. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { clusterRole, operatorName } from '#src/api/operator.ts';
import { clusterRoleBindings, leases, namespaces, type Resource } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Session } from '#src/domain/session/session-status.ts';
import { StashError } from '#src/errors.ts';

import type { Installation } from './bindings.ts';
import { operatorManifests } from './manifests.ts';
import type { Manifest } from './options.ts';

/** The address of an object in the API. */
export interface Place {
  readonly resource: Resource;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/**
 * Returns all objects that any form of `install` creates for these namespaces, except the operator's own namespace, and
 * the Lease that the operator creates.
 */
export function placesOfOperator({ home: namespace, watchNamespaces }: Installation): Place[] {
  const options = { namespace, image: '', replicas: 1, runSessions: 'in-process', version: '' } as const;
  const everywhere = operatorManifests(options).map(placeOf);
  const watched = watchNamespaces && operatorManifests({ ...options, watchNamespaces }).map(placeOf);
  const places = [...everywhere, ...(watched ?? []).filter((place) => !everywhere.some(isSamePlace(place)))];
  return [
    ...places.filter(({ resource }) => resource !== namespaces),
    { resource: leases, name: operatorName, namespace },
  ];
}

export function placeOf({ resource, object: { metadata } }: Manifest): Place {
  return { resource, name: metadata.name, namespace: metadata.namespace };
}

export function isSamePlace(one: Place): (other: Place) => boolean {
  return ({ resource, name, namespace }) =>
    one.resource === resource && one.name === name && one.namespace === namespace;
}

/** Returns ` in namespace NAME` if that is not the operator's namespace, else an empty text. */
export function elsewhere({ namespace }: { readonly namespace?: string | undefined }, home: string): string {
  return namespace === undefined || namespace === home ? '' : ` in namespace ${namespace}`;
}

/**
 * Whether `installationOf` reads this ClusterRoleBinding. `uninstall` deletes these last, so that the next run still
 * finds the installation.
 */
export function tellsHome({ resource, name }: Place): boolean {
  const telling: readonly string[] = [clusterRole.operator, clusterRole.snapshotClasses];
  return resource === clusterRoleBindings && telling.includes(name);
}

/** `3 backupconfigurations, 1 restoresession`; omits kinds with a count of 0. */
export function countKinds(counts: readonly (readonly [Resource, number])[]): string {
  return counts
    .filter(([, count]) => count > 0)
    .map(([{ kind, plural }, count]) => `${count} ${count === 1 ? kind.toLowerCase() : plural}`)
    .join(', ');
}

const namedAtMost = 5;

/**
 * Returns the error of an uninstall while sessions are unfinished, because no operator would end them. Undefined if all
 * have ended.
 */
export function unfinishedSessions(sessions: readonly Session[]): StashError | undefined {
  const [first] = sessions;
  if (first === undefined) return undefined;
  const named = sessions.slice(0, namedAtMost).map(addressOf);
  const more = sessions.length - named.length;
  const { name, namespace = 'default' } = first.metadata;
  return new StashError(
    'precondition',
    `${sessions.length === 1 ? 'a session is' : `${sessions.length} sessions are`} not finished: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    {
      hint: `wait for ${sessions.length === 1 ? 'it' : 'them'}:\n${commandLine`kubectl stash wait ${name} -n ${namespace}`}\nor leave ${sessions.length === 1 ? 'it' : 'them'} as ${sessions.length === 1 ? 'it is' : 'they are'} with --force`,
    },
  );
}

function addressOf({ kind, metadata }: KubernetesObject): string {
  return `${kind.toLowerCase()}/${metadata.name ?? ''} in namespace ${metadata.namespace ?? ''}`;
}

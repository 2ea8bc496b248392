/** What an uninstall takes, in which order, and how it is told. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { clusterRole, operatorName } from '#src/api/operator.ts';
import { clusterRoleBindings, leases, namespaces, type Resource } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Session } from '#src/domain/session/session-status.ts';
import { StashError } from '#src/errors.ts';

import { operatorManifests } from './manifests.ts';

/** Where one object is. */
export interface Place {
  readonly resource: Resource;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** All that `install` may have made in any of its forms, but the namespace, and the Lease that the operator made. */
export function placesOfOperator(namespace: string): Place[] {
  const options = { namespace, image: '', replicas: 1, runSessions: 'in-process', version: '' } as const;
  const places = operatorManifests(options).map(({ resource, object }) => ({
    resource,
    name: object.metadata.name,
    namespace: object.metadata.namespace,
  }));
  return [
    ...places.filter(({ resource }) => resource !== namespaces),
    { resource: leases, name: operatorName, namespace },
  ];
}

/** It says where the operator is: it goes last, for when an uninstall has to be repeated. */
export function tellsHome({ resource, name }: Place): boolean {
  return resource === clusterRoleBindings && name === clusterRole.operator;
}

/** `3 backupconfigurations, 1 restoresession`; kinds of which there is none are passed over. */
export function countKinds(counts: readonly (readonly [Resource, number])[]): string {
  return counts
    .filter(([, count]) => count > 0)
    .map(([{ kind, plural }, count]) => `${count} ${count === 1 ? kind.toLowerCase() : plural}`)
    .join(', ');
}

const namedAtMost = 5;

/** Sessions that an uninstall would leave to nobody. */
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

/** Finds the operator's objects in a cluster, and those that the operator created. Only reads. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { configurationFinalizer, operatorNamespace } from '#src/api/operator.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  customResourceDefinitions,
  leases,
  restoreSessions,
  roleBindings,
  serviceAccounts,
  type Resource,
} from '#src/api/resources.ts';
import { stashCrds } from '#src/api/crds/index.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { findInstallation } from '#src/cluster/find-installation.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Installation } from '#src/domain/install/bindings.ts';
import { isAppsCodes, isOurs, ours } from '#src/domain/install/ownership.ts';
import { isSamePlace, placesOfOperator, type Place } from '#src/domain/install/removal.ts';
import { StashError } from '#src/errors.ts';

import { listAny } from './list-any.ts';

export interface Installed {
  /** The operator's own objects that exist and carry our label. */
  readonly places: readonly Place[];
  /** Objects that the operator created for BackupConfigurations and RestoreSessions, in all namespaces. */
  readonly made: readonly Place[];
  /** BackupConfigurations that the operator manages: they have its finalizer or a status. */
  readonly taken: readonly Stored<BackupConfiguration>[];
  readonly configurations: readonly Stored<BackupConfiguration>[];
  readonly backupSessions: readonly Stored<BackupSession>[];
  readonly restoreSessions: readonly Stored<RestoreSession>[];
  /** Stash's definitions, without those that AppsCode installed. */
  readonly definitions: readonly Place[];
}

/**
 * Resolves with the installation: in `wanted` (`-n`), else in the namespace that the cluster tells.
 * Throws 'precondition' if the two differ.
 */
export async function findHome(cluster: Cluster, wanted: string | undefined): Promise<Installation> {
  const installed = await findInstallation(cluster);
  if (installed === undefined) return { home: wanted ?? operatorNamespace, watchNamespaces: undefined };
  if (wanted === undefined || wanted === installed.home) return installed;
  const { home } = installed;
  throw new StashError('precondition', `the operator is installed in namespace ${home}, not in ${wanted}`, {
    hint: commandLine`kubectl stash uninstall -n ${home}`,
  });
}

/**
 * `appscode`: AppsCode's operator runs in the cluster, so sessions and configurations belong to it and are
 * left out.
 */
export async function readInstalled(
  cluster: Cluster,
  installation: Installation,
  appscode: boolean,
): Promise<Installed> {
  const own = placesOfOperator(installation);
  const isOwn = (place: Place) => own.some(isSamePlace(place));
  const ifOurs = <T extends KubernetesObject>(resource: Resource<T>) =>
    appscode ? Promise.resolve([]) : listAny(cluster, resource);
  const [places, definitions, jobs, bindings, accounts, configurations, backups, restores] =
    await Promise.all([
      existing(cluster, own, ({ resource }, object) => resource === leases || isOurs(object)),
      existing(cluster, definitionPlaces, (_, object) => !isAppsCodes(object)),
      listPlaces(cluster, cronJobs, `${ours},${label.component}=trigger`),
      listPlaces(cluster, roleBindings, ours),
      listPlaces(cluster, serviceAccounts, ours),
      ifOurs(backupConfigurations),
      ifOurs(backupSessions),
      ifOurs(restoreSessions),
    ]);
  return {
    places,
    made: [...jobs, ...bindings, ...accounts].filter((place) => !isOwn(place)),
    taken: configurations.filter(isTaken),
    configurations,
    backupSessions: backups,
    restoreSessions: restores,
    definitions,
  };
}

const definitionPlaces: readonly Place[] = stashCrds.map(({ metadata }) => ({
  resource: customResourceDefinitions,
  name: metadata.name ?? '',
}));

async function existing(
  cluster: Cluster,
  places: readonly Place[],
  take: (place: Place, object: KubernetesObject) => boolean,
): Promise<Place[]> {
  const objects = await Promise.all(places.map((place) => find(cluster, place.resource, place)));
  return places.filter((place, index) => {
    const object = objects[index];
    return object !== undefined && take(place, object);
  });
}

async function listPlaces(cluster: Cluster, resource: Resource, labelSelector: string): Promise<Place[]> {
  const objects = await listAny(cluster, resource, { labelSelector, metadataOnly: true });
  return objects.map(({ metadata: { name, namespace } }) => ({ resource, name, namespace }));
}

function isTaken({ metadata, status = {} }: BackupConfiguration): boolean {
  return metadata.finalizers?.includes(configurationFinalizer) === true || Object.keys(status).length > 0;
}

/**
 * Removes the operator from a cluster, in an order that keeps its controllers from recreating what was
 * deleted.
 */
import {
  backupConfigurations,
  customResourceDefinitions,
  deployments,
  namespaces,
  pods,
  type Resource,
} from '#src/api/resources.ts';
import { byName } from '#src/cluster/by-name.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { podLabels } from '#src/domain/install/options.ts';
import { isOurs } from '#src/domain/install/ownership.ts';
import { countKinds, elsewhere, tellsHome, type Place } from '#src/domain/install/removal.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';

import type { Installed } from './installed.ts';
import { release } from './release.ts';
import { remove, untilGone } from './remove.ts';
import { foreignObjectsIn } from './foreign-objects.ts';
import type { Waiting } from './until.ts';

/** So many requests are under way at once. */
const inFlight = 16;

export interface Removal {
  readonly waiting: Waiting;
  readonly say: (line: string) => void;
  readonly dryRun: boolean;
}

/**
 * Resolves with true if there was anything to remove. The objects whose controllers would recreate others go
 * first.
 */
export async function removeAll(
  removal: Removal,
  look: () => Promise<Installed>,
  { namespace, crds }: { readonly namespace: string; readonly crds: boolean },
): Promise<boolean> {
  const { waiting, say, dryRun } = removal;
  const { cluster } = waiting;
  const unlessDryRun = async (work: () => Promise<void>) => {
    if (!dryRun) await work();
  };
  const removeAndSay = async (place: Place) => {
    await unlessDryRun(() => remove(cluster, place));
    say(`${addressOf(place)}${elsewhere(place, namespace)} deleted`);
  };
  const isDeployment = ({ resource }: Place) => resource === deployments;

  const { places } = await look();
  for (const place of places.filter(isDeployment)) {
    await removeAndSay(place);
    // A pod that still runs would recreate the objects that are deleted next.
    const scope = { namespace, labelSelector: formatSelector({ matchLabels: { ...podLabels } }) };
    await unlessDryRun(() => untilGone(waiting, pods, scope));
  }
  // Read again: the operator may have created objects until its pod ended.
  const { made, taken, definitions } = await look();
  await unlessDryRun(() => forEachBounded(made, inFlight, (place) => remove(cluster, place)));
  if (made.length > 0) say(`${countByKind(made)} created by the operator deleted`);
  await unlessDryRun(() =>
    forEachBounded(taken, inFlight, (configuration) => release(cluster, configuration)),
  );
  if (taken.length > 0) {
    say(`${countKinds([[backupConfigurations, taken.length]])} released: finalizer and status removed`);
  }
  for (const place of places) if (!isDeployment(place) && !tellsHome(place)) await removeAndSay(place);
  const home = await removeNamespace(removal, namespace);
  try {
    for (const place of places.filter(tellsHome)) await removeAndSay(place);
  } finally {
    // The namespace contained the other objects: report it after them.
    if (home !== undefined) say(home);
  }
  if (crds) {
    for (const place of definitions) await removeAndSay(place);
    const names = new Set(definitions.map(({ name }) => name));
    const isAwaited = ({ metadata }: { metadata: { name: string } }) => names.has(metadata.name);
    if (names.size > 0)
      await unlessDryRun(() => untilGone(waiting, customResourceDefinitions, {}, isAwaited));
  }
  return (
    places.length + made.length + taken.length > 0 || home !== undefined || (crds && definitions.length > 0)
  );
}

/**
 * Deletes the operator's namespace if `install` created it and it contains no foreign objects. Resolves with
 * the line to print, or undefined if there is none.
 */
async function removeNamespace({ waiting, dryRun }: Removal, name: string): Promise<string | undefined> {
  const { cluster } = waiting;
  const found = await find(cluster, namespaces, { name });
  if (found === undefined || !isOurs(found)) return undefined;
  if (dryRun) return `namespace/${name} deleted, unless it contains other objects`;
  const foreign = await foreignObjectsIn(cluster, name);
  if (foreign.length > 0) {
    const named = foreign.slice(0, 5).join(', ');
    return `namespace/${name} kept (it contains ${named}${foreign.length > 5 ? ', ...' : ''})`;
  }
  await remove(cluster, { resource: namespaces, name });
  await untilGone(waiting, namespaces, byName({ name }));
  return `namespace/${name} deleted`;
}

function countByKind(places: readonly Place[]): string {
  const counts = new Map<Resource, number>();
  for (const { resource } of places) counts.set(resource, (counts.get(resource) ?? 0) + 1);
  return countKinds([...counts]);
}

function addressOf({ resource, name }: Place): string {
  return `${resource.kind.toLowerCase()}${resource.group === '' ? '' : `.${resource.group}`}/${name}`;
}

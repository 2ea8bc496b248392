/** Takes the operator out of a cluster, in an order in which nothing of it comes back. */
import {
  backupConfigurations,
  customResourceDefinitions,
  deployments,
  namespaces,
  pods,
  type Resource,
} from '#src/api/resources.ts';
import { find } from '#src/cluster/find.ts';
import { podLabels } from '#src/domain/install/options.ts';
import { isOurs } from '#src/domain/install/ownership.ts';
import { countKinds, tellsHome, type Place } from '#src/domain/install/removal.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';

import type { Installed } from './installed.ts';
import { release } from './release.ts';
import { forEachAtOnce, remove, untilGone } from './remove.ts';
import { tenantsOf } from './tenants.ts';
import type { Waiting } from './until.ts';

export interface Removal {
  readonly waiting: Waiting;
  readonly say: (line: string) => void;
  readonly dryRun: boolean;
}

/** Resolves with whether there was anything. What would make the rest again goes first. */
export async function removeAll(
  removal: Removal,
  look: () => Promise<Installed>,
  { namespace, crds }: { readonly namespace: string; readonly crds: boolean },
): Promise<boolean> {
  const { waiting, say, dryRun } = removal;
  const { cluster } = waiting;
  const act = async (work: () => Promise<void>) => {
    if (!dryRun) await work();
  };
  const take = async (place: Place) => {
    await act(() => remove(cluster, place));
    say(`${addressOf(place)} deleted`);
  };
  const isDeployment = ({ resource }: Place) => resource === deployments;

  const { places } = await look();
  for (const place of places.filter(isDeployment)) {
    await take(place);
    // One that still runs would make again what goes next.
    const scope = { namespace, labelSelector: formatSelector({ matchLabels: { ...podLabels } }) };
    await act(() => untilGone(waiting, pods, scope));
  }
  // What it did until its last moment is there now.
  const { made, taken, definitions } = await look();
  await act(() => forEachAtOnce(made, (place) => remove(cluster, place)));
  if (made.length > 0) say(`${countByKind(made)} that it made deleted`);
  await act(() => forEachAtOnce(taken, (configuration) => release(cluster, configuration)));
  if (taken.length > 0) {
    say(`${countKinds([[backupConfigurations, taken.length]])} released: finalizer and status taken away`);
  }
  for (const place of places) if (!isDeployment(place) && !tellsHome(place)) await take(place);
  const home = await removeNamespace(removal, namespace);
  try {
    for (const place of places.filter(tellsHome)) await take(place);
  } finally {
    // The namespace held the others, and is read as the end of them.
    if (home !== undefined) say(home);
  }
  if (crds) {
    for (const place of definitions) await take(place);
    const names = new Set(definitions.map(({ name }) => name));
    const isAwaited = ({ metadata }: { metadata: { name: string } }) => names.has(metadata.name);
    if (names.size > 0) await act(() => untilGone(waiting, customResourceDefinitions, {}, isAwaited));
  }
  return (
    places.length + made.length + taken.length > 0 || home !== undefined || (crds && definitions.length > 0)
  );
}

/** Only one that we made, and only when nobody else has moved in. Resolves with what there is to say of it. */
async function removeNamespace({ waiting, dryRun }: Removal, name: string): Promise<string | undefined> {
  const { cluster } = waiting;
  const found = await find(cluster, namespaces, { name });
  if (found === undefined || !isOurs(found)) return undefined;
  if (dryRun) return `namespace/${name} deleted, if nothing else is in it`;
  const tenants = await tenantsOf(cluster, name);
  if (tenants.length > 0) {
    const named = tenants.slice(0, 5).join(', ');
    return `namespace/${name} left alone (in it: ${named}${tenants.length > 5 ? ', ...' : ''})`;
  }
  await remove(cluster, { resource: namespaces, name });
  await untilGone(waiting, namespaces, { fieldSelector: `metadata.name=${name}` });
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

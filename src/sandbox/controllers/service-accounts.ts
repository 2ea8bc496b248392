/** Creates the service account `default` in every namespace. */
import { serviceAccounts } from '#src/api/resources.ts';

import type { Controller, World } from './world.ts';
import { ensure } from './writes.ts';

export function serviceAccountController(world: World): Controller {
  async function reconcile(namespace: string): Promise<undefined> {
    const found = world.namespaces.get(namespace);
    if (!found || found.metadata.deletionTimestamp !== undefined) return;
    if (world.serviceAccounts.get('default', namespace)) return;
    await ensure(world.cluster, world.serviceAccounts, {
      apiVersion: 'v1',
      kind: serviceAccounts.kind,
      metadata: { name: 'default', namespace },
    });
  }

  return {
    mirror: world.namespaces,
    reconcile,
    triggers(enqueue) {
      world.serviceAccounts.onChange(({ metadata: { namespace } }) => {
        if (namespace !== undefined) enqueue(namespace, undefined);
      });
    },
  };
}

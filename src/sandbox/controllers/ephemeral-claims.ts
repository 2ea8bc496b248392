/** Creates the claims of generic ephemeral volumes; the pod owns them. */
import { persistentVolumeClaims, pods } from '#src/api/resources.ts';

import type { Controller, World } from './world.ts';
import { controllerReference, ensure } from './writes.ts';

export function ephemeralClaimController(world: World): Controller {
  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const pod = world.pods.get(name, namespace);
    if (!pod || pod.metadata.deletionTimestamp !== undefined) return;
    for (const { name: volume, ephemeral } of pod.spec.volumes ?? []) {
      if (!ephemeral || world.claims.get(`${name}-${volume}`, namespace)) continue;
      const { metadata, spec } = ephemeral.volumeClaimTemplate;
      await ensure(world.cluster, world.claims, {
        apiVersion: 'v1',
        kind: persistentVolumeClaims.kind,
        metadata: {
          ...metadata,
          name: `${name}-${volume}`,
          ...(namespace !== undefined && { namespace }),
          ownerReferences: [controllerReference(pods, pod)],
        },
        spec,
      });
    }
  }

  return {
    mirror: world.pods,
    reconcile,
    triggers: () => undefined,
  };
}

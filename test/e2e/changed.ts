import { deployments, persistentVolumeClaims } from '#src/api/resources.ts';

import { claim, deployment } from './manifests.ts';
import type { Place } from './place.ts';

/**
 * A deployment `demo` whose claim `data` was snapshotted with one content and has another by now. Resolves with the
 * name of its pod. `storageClass`: of the claim; default the server's.
 */
export async function changed(place: Place, storageClass?: string): Promise<string> {
  if (storageClass === undefined) await place.claims('data');
  else await place.create(persistentVolumeClaims, claim('data', storageClass));
  await place.create(deployments, deployment('demo', ['data']));
  const [pod = ''] = await place.running('demo');
  await place.sh(pod, 'echo before > /source/data/proof');
  await place.succeeds('snapshot deploy/demo --executor=local');
  await place.sh(pod, 'echo after > /source/data/proof');
  return pod;
}

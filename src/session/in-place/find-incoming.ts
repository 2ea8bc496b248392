/** Finds the new volumes when the temporary claims are bound to them. */
import { persistentVolumeClaims, persistentVolumes } from '#src/api/resources.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Failure } from '#src/domain/finding.ts';
import type { InPlaceClaim } from '#src/domain/in-place/record.ts';
import { misplacedVolume } from '#src/domain/in-place/topology.ts';
import { StashError } from '#src/errors.ts';
import { persist } from '#src/session/persist.ts';
import type { Environment } from '#src/session/environment.ts';

export interface Incoming {
  readonly claims: readonly InPlaceClaim[];
  /** Why the pods cannot use one of the volumes where they run. */
  readonly problem: Failure | undefined;
}

const claimsAtOnce = 8;

export async function findIncoming(
  environment: Pick<Environment, 'cluster' | 'clock' | 'signal' | 'tell'>,
  claims: readonly InPlaceClaim[],
  namespace: string,
): Promise<Incoming> {
  const { cluster } = environment;
  const found = new Map<string, Awaited<ReturnType<typeof findOne>>>();
  await forEachBounded(claims, claimsAtOnce, async (claim) => {
    found.set(claim.name, await persist(environment, () => findOne(cluster, claim, namespace)));
  });
  const inOrder = claims.flatMap(({ name }) => found.get(name) ?? []);
  return {
    claims: inOrder.map(({ claim }) => claim),
    problem: inOrder.find(({ problem }) => problem !== undefined)?.problem,
  };
}

async function findOne(cluster: Cluster, claim: InPlaceClaim, namespace: string) {
  const { name, staged = '', volume } = claim;
  const { spec } = await cluster.get(persistentVolumeClaims, staged, namespace);
  if (spec.volumeName === undefined) throw new StashError('server', `claim ${staged} is bound to no volume`);
  const [present, incoming] = await Promise.all([
    cluster.get(persistentVolumes, volume),
    cluster.get(persistentVolumes, spec.volumeName),
  ]);
  return {
    claim: { ...claim, incoming: spec.volumeName },
    problem: misplacedVolume(name, present, incoming),
  };
}

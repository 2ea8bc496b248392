/** Moves a staged claim to another node if its provisioner makes no volume for the node that the claim named. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { nodes, persistentVolumeClaims, persistentVolumes } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { noNodeLeft, rejectedNodes, withNextNode } from '#src/domain/in-place/next-node.ts';
import { readRecord } from '#src/domain/in-place/record.ts';
import { isOfSession } from '#src/domain/restore/decide-restore.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';
import { isStashError } from '#src/errors.ts';
import type { Scene } from '#src/session/kind.ts';
import { persist } from '#src/session/persist.ts';

import type { RestoreExecution } from './restore.ts';

type Claim = Stored<PersistentVolumeClaim>;

/**
 * Returns a function that looks at the present claims, and at the progress, which has the message of their last Event.
 * Refuses a claim for which no node is left.
 */
export function createMover({
  environment,
  loop,
  held,
  plan,
  refused,
}: Scene<RestoreSession, RestoreExecution>): (
  claims: ReadonlyMap<string, Claim>,
  rows: readonly ClaimProgress[],
) => void {
  const { cluster } = environment;
  const seen = new Set<string>();

  /** Resolves with false if no node is left. */
  const move = async ({ metadata }: Claim, rejected: readonly string[]): Promise<boolean> => {
    const { name, namespace, resourceVersion } = metadata;
    const of = readRecord(held.session())?.claims.find(({ staged }) => staged === name);
    const present = await cluster.get(persistentVolumes, of?.volume ?? '');
    const annotations = withNextNode(rejected, present, (await cluster.list(nodes)).items);
    if (annotations === undefined) return false;
    const patch = { metadata: { resourceVersion, annotations } };
    await cluster.patch(persistentVolumeClaims, { name, namespace }, patch);
    return true;
  };

  const moveOrRefuse = async (claim: Claim, rejected: readonly string[], said: string | undefined) => {
    const { name } = claim.metadata;
    try {
      if (!(await persist(environment, () => move(claim, rejected))))
        refused.set(name, noNodeLeft(rejected, { said }));
    } catch (error) {
      // Another client has changed or deleted the claim: the watch reports it.
      if (isStashError(error, 'conflict', 'not-found')) return;
      const unread = error instanceof Error ? error.message : String(error);
      refused.set(name, noNodeLeft(rejected, { unread }));
    } finally {
      loop.ring();
    }
  };

  return (claims, rows) => {
    for (const template of plan.templates) {
      const name = template.metadata.name ?? '';
      const claim = claims.get(name);
      if (claim === undefined || !isOfSession(claim, held.session())) continue;
      const version = `${name} ${claim.metadata.resourceVersion}`;
      const rejected = rejectedNodes(claim, template);
      if (rejected.length === 0 || seen.has(version)) continue;
      seen.add(version);
      void moveOrRefuse(claim, rejected, rows.find((row) => row.claim === name)?.message);
    }
  };
}

/** Whether the nodes are there that alone have the data of a claim. */
import type { ClusterNode, PersistentVolume, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { nodes, persistentVolumeClaims, persistentVolumes } from '#src/api/resources.ts';
import { placeOf, isUsableOn } from '#src/domain/in-place/topology.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { isNodeLocal } from '#src/domain/workload/node-local.ts';

import { whereRead, type CheckOfTarget } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';
import { isBound } from './drivers.ts';
import { fewOf } from './few.ts';

export const nodeLocal: CheckOfTarget = {
  name: 'node-local',
  of: 'target',
  about:
    'Where a volume can be used on certain nodes only (by another label than zone or region), at least one of them exists and is Ready: else its driver can neither snapshot nor restore it.',
  lists: [persistentVolumeClaims],
  rights: [
    { verb: 'list', resource: persistentVolumes },
    { verb: 'list', resource: nodes },
  ],
  after: ['csi-driver'],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) =>
      whereRead(facts.volumes, (volumes) => {
        const local = claimsOnNodes(claims.filter(isBound), volumes);
        if (local.length === 0) return [];
        return whereRead(facts.nodes, (known) => {
          const lost = lostClaims(local, known);
          if (lost.length > 0) return fewOf(lost, (rest) => `the nodes of ${rest} more claims are lost`);
          const places = new Set(local.map(({ volume }) => placeOf(volume) ?? ''));
          return [
            {
              level: 'ok',
              message: sanitize(`the volumes are on ${[...places].slice(0, 3).join(', ')}, ready`),
            },
          ];
        });
      }),
    ),
};

export interface ClaimOnNode {
  readonly claim: string;
  readonly volume: Stored<PersistentVolume>;
}

/** The claims whose volumes only certain nodes can use. `volumes`: by name. */
export function claimsOnNodes(
  claims: readonly Stored<PersistentVolumeClaim>[],
  volumes: ReadonlyMap<string, Stored<PersistentVolume>>,
): ClaimOnNode[] {
  return claims.flatMap((claim) => {
    const volume = volumes.get(claim.spec.volumeName ?? '');
    return volume && isNodeLocal(volume) ? [{ claim: claim.metadata.name, volume }] : [];
  });
}

/** A failure for each whose data no Ready node has. `known`: the nodes that the volumes name, as far as they exist. */
export function lostClaims(local: readonly ClaimOnNode[], known: readonly Stored<ClusterNode>[]): Failure[] {
  return local.flatMap((each) => judge(each, known));
}

function judge({ claim, volume }: ClaimOnNode, known: readonly Stored<ClusterNode>[]): Failure[] {
  const usable = known.filter((node) => isUsableOn(volume, node));
  if (usable.some(isReady)) return [];
  const [first] = usable;
  const where = `the data of claim ${claim} is on node ${first?.metadata.name ?? placeOf(volume) ?? ''} only`;
  return [
    failure(
      'precondition',
      sanitize(
        `${where}, which ${first ? 'is not Ready' : 'does not exist'}: it can be neither snapshotted nor restored in place`,
      ),
      { hint: first ? commandLine`kubectl describe node ${first.metadata.name}` : 'kubectl get nodes' },
    ),
  ];
}

function isReady({ status }: ClusterNode): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

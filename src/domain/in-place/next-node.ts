/** Chooses another node for a staged claim if the provisioner makes no volume for the node that the claim named. */
import type { ClusterNode, PersistentVolume, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { isUsableOn } from './topology.ts';

/** How many nodes a claim tries, the first one included. */
const mostNodes = 3;

/**
 * Returns the nodes that the claim has tried, if the provisioner has removed the annotation with the last one.
 * Otherwise returns none.
 */
export function rejectedNodes(
  { metadata, status }: Stored<PersistentVolumeClaim>,
  template: VolumeClaimTemplate,
): string[] {
  const first = template.metadata.annotations?.[selectedNode];
  const isWaiting = status?.phase !== 'Bound' && metadata.deletionTimestamp === undefined;
  if (first === undefined || !isWaiting || metadata.annotations?.[selectedNode] !== undefined) return [];
  return metadata.annotations?.[annotation.triedNodes]?.split(',') ?? [first];
}

/**
 * Returns the annotations with which the claim asks for a volume on another node. On that node, pods can use the
 * present volume, too. Undefined if there is no such node, or if the claim has tried enough.
 */
export function withNextNode(
  rejected: readonly string[],
  present: PersistentVolume,
  nodes: readonly Stored<ClusterNode>[],
): Record<string, string> | undefined {
  if (rejected.length >= mostNodes) return undefined;
  const next = nodes.find(
    (node) => !rejected.includes(node.metadata.name) && isReady(node) && isUsableOn(present, node),
  );
  if (next === undefined) return undefined;
  const { name } = next.metadata;
  return { [selectedNode]: name, [annotation.triedNodes]: [...rejected, name].join(',') };
}

/** `said` is the last message about the claim. `unread` is why the other nodes are not known. */
export function noNodeLeft(
  rejected: readonly string[],
  { said, unread }: { readonly said?: string | undefined; readonly unread?: string },
): string {
  const named = `${rejected.length === 1 ? 'node' : 'nodes'} ${rejected.join(', ')}`;
  const others =
    unread === undefined
      ? 'no other ready node can use the present volume'
      : `the other nodes are not known: ${unread}`;
  const tried = rejected.length >= mostNodes ? '' : `, and ${others}`;
  return sanitize(`no volume was made for ${named}${tried}${said === undefined ? '' : ` (${said})`}`);
}

function isReady({ spec, status }: Stored<ClusterNode>): boolean {
  return (
    spec?.unschedulable !== true &&
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}

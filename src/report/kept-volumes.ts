/** Prints kept volumes for `volumes`. */
import { formatAge } from '#src/domain/duration.ts';
import type { ListedVolume } from '#src/domain/in-place/kept-volumes.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { renderColumns, type Column } from './table.ts';

const apiVersion = 'cli.stash.appscode.com/v1alpha1';

export interface KeptVolumeTableOptions {
  readonly now: Date;
  readonly allNamespaces: boolean;
  /** Adds the reclaim policy and the names of the restore points. */
  readonly wide: boolean;
  readonly noHeaders: boolean;
}

export function keptVolumeTable(
  kept: readonly ListedVolume[],
  { now, allNamespaces, wide, noHeaders }: KeptVolumeTableOptions,
): string {
  const columns: readonly Column<ListedVolume>[] = [
    { header: 'namespace', shown: allNamespaces, cell: ({ swapped }) => swapped.namespace },
    { header: 'session', cell: ({ swapped }) => swapped.session },
    { header: 'workload', cell: ({ swapped }) => formatTarget(swapped.target) },
    { header: 'claim', cell: ({ swapped }) => swapped.claim },
    { header: 'volume', cell: ({ volume }) => volume.metadata.name },
    { header: 'size', cell: ({ volume }) => volume.spec.capacity?.storage ?? '<unknown>' },
    {
      header: 'kept since',
      cell: ({ swapped }) => `${formatAge(now.getTime() - Date.parse(swapped.since))} ago`,
    },
    { header: 'state', cell: stateOf },
    {
      header: 'restore points',
      cell: ({ points }) =>
        wide && points.length > 0 ? points.map(({ session }) => session).join(',') : String(points.length),
    },
    { header: 'reclaim policy', shown: wide, cell: ({ swapped }) => swapped.policy },
  ];
  return renderColumns(columns, kept, { header: noHeaders ? 'none' : 'upper-case' });
}

/** What `-o json` and `-o yaml` print. These kinds exist in the output only; no API server serves them. */
export function keptVolumeList(kept: readonly ListedVolume[]) {
  return {
    apiVersion,
    kind: 'KeptVolumeList',
    items: kept.map(({ volume, swapped, points }) => {
      const { session, namespace, target, claim, since, policy, role } = swapped;
      const size = volume.spec.capacity?.storage;
      const bytes = parseQuantity(size ?? '');
      return {
        apiVersion,
        kind: 'KeptVolume',
        metadata: { name: volume.metadata.name, namespace },
        session,
        target: { kind: target.kind, name: target.name },
        claim,
        ...(size !== undefined && { size }),
        ...(bytes !== undefined && { sizeBytes: Number(bytes) }),
        since,
        state: phaseOf(volume),
        ...(role === 'incoming' && { leftOver: true }),
        reclaimPolicy: policy,
        restorePoints: points.map((point) => point.session),
      };
    }),
  };
}

export function keptVolumeNames(kept: readonly ListedVolume[]): string[] {
  return kept.map(({ volume }) => `persistentvolume/${volume.metadata.name}`);
}

function stateOf({ volume, swapped }: ListedVolume): string {
  return `${phaseOf(volume)}${swapped.role === 'incoming' ? ' (left over)' : ''}`;
}

function phaseOf({ status }: ListedVolume['volume']): string {
  return status?.phase ?? 'Unknown';
}

import type { Cluster } from '#src/cluster/port.ts';
import { workloadKey, type WorkloadLabels } from '#src/domain/restore-points/select-points.ts';
import type { Labels } from '#src/domain/workload/label-query.ts';
import { targetTypes, type TargetKind } from '#src/domain/workload/kinds.ts';
import { isStashError } from '#src/errors.ts';

/** Resolves with the labels of all objects of the kinds; `unread` are plurals that the user may not list. */
export async function readWorkloadLabels(
  cluster: Cluster,
  namespace: string | undefined,
  kinds: readonly TargetKind[],
): Promise<{ readonly labels: WorkloadLabels; readonly unread: readonly string[] }> {
  const labels = new Map<string, Labels>();
  const unread: string[] = [];
  await Promise.all(
    kinds.map(async (kind) => {
      const { resource } = targetTypes[kind];
      try {
        const { items } = await cluster.list(resource, { namespace, metadataOnly: true });
        for (const { metadata } of items)
          labels.set(
            workloadKey(metadata.namespace ?? '', { kind, name: metadata.name }),
            metadata.labels ?? {},
          );
      } catch (error) {
        if (!isStashError(error, 'forbidden')) throw error;
        unread.push(resource.plural);
      }
    }),
  );
  return { labels, unread: unread.sort() };
}

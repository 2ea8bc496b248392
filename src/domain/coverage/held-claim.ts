/** A claim that holds data, as `coverage` keeps it: a cluster has thousands, and the whole object takes ten times the memory. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { defined } from '#src/domain/defined.ts';
import { provisionerAnnotations } from '#src/domain/restore-points/claim-annotations.ts';

export interface HeldClaim {
  readonly namespace: string;
  readonly name: string;
  /** The CSI driver; left out if no controller has recorded it. */
  readonly provisioner?: string;
  /** Its volume's capacity: `1Gi`. */
  readonly size?: string;
  /** Left out if no selector asks for them. */
  readonly labels?: Record<string, string>;
}

export function holdsData({ status }: PersistentVolumeClaim): boolean {
  return status?.phase === 'Bound';
}

export function heldClaim(
  { metadata, status }: Stored<PersistentVolumeClaim>,
  withLabels = false,
): HeldClaim {
  const { namespace = '', name, annotations } = metadata;
  const provisioner = provisionerAnnotations
    .map((key) => annotations?.[key])
    .find((each) => each !== undefined);
  const labels = withLabels ? metadata.labels : undefined;
  return defined({ namespace, name, provisioner, size: status?.capacity?.storage, labels });
}

export function claimKey(namespace: string | undefined, claim: string): string {
  return `${namespace ?? ''}/${claim}`;
}

/** Whether an existing object belongs to this program or to AppsCode. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';

export const ours = `${label.managedBy}=${managedBy}`;

export function isOurs({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[label.managedBy] === managedBy;
}

/**
 * Whether a CustomResourceDefinition belongs to AppsCode: their chart labels it. Any definition that Helm manages
 * counts, because the next Helm upgrade would overwrite our changes.
 */
export function isAppsCodes({ metadata }: KubernetesObject): boolean {
  return (
    metadata.labels?.['app.kubernetes.io/name'] === 'stash' ||
    metadata.labels?.[label.managedBy] === 'Helm' ||
    metadata.annotations?.['meta.helm.sh/release-name'] !== undefined
  );
}

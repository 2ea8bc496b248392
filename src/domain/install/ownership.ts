/** Whose an object is that already has the name of one of ours. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';

export const ours = `${label.managedBy}=${managedBy}`;

export function isOurs({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[label.managedBy] === managedBy;
}

/**
 * Of a definition of the Stash kinds: their chart labels it; one that Helm manages would be overwritten at its next
 * upgrade anyway.
 */
export function isAppsCodes({ metadata }: KubernetesObject): boolean {
  return (
    metadata.labels?.['app.kubernetes.io/name'] === 'stash' ||
    metadata.labels?.[label.managedBy] === 'Helm' ||
    metadata.annotations?.['meta.helm.sh/release-name'] !== undefined
  );
}

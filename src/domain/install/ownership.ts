/** Finds out whether an existing object belongs to this program, to a Helm release or to AppsCode. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';

import { podLabels } from './options.ts';

export const ours = `${label.managedBy}=${managedBy}`;

export function isOurs({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[label.managedBy] === managedBy;
}

/** A Helm release, as the annotations of its objects name it. */
export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
}

/** Returns the release of this project's chart that manages the object. Undefined if none does. */
export function ownRelease(object: KubernetesObject): HelmRelease | undefined {
  const { labels = {}, annotations = {} } = object.metadata;
  if (labels[name] !== podLabels[name] || !isHelms(object)) return undefined;
  return {
    name: annotations['meta.helm.sh/release-name'] ?? '',
    namespace: annotations['meta.helm.sh/release-namespace'] ?? '',
  };
}

/**
 * Whether a CustomResourceDefinition belongs to AppsCode: their chart labels it. Any other definition that Helm manages
 * counts, too, unless it comes from this project's chart.
 */
export function isAppsCodes(object: KubernetesObject): boolean {
  return object.metadata.labels?.[name] === 'stash' || (isHelms(object) && ownRelease(object) === undefined);
}

const name = 'app.kubernetes.io/name';

function isHelms({ metadata }: KubernetesObject): boolean {
  return (
    metadata.labels?.[label.managedBy] === 'Helm' ||
    metadata.annotations?.['meta.helm.sh/release-name'] !== undefined
  );
}

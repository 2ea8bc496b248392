/** What the metadata of a claim says about its coverage. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

/** Whether a user has marked it with the label or annotation. */
export function isIgnored({ metadata }: KubernetesObject): boolean {
  return [metadata.annotations, metadata.labels].some((marks) => marks?.[annotation.coverage] === 'ignore');
}

/** Whether it got a volume; whether the volume still exists, only its status tells. */
export function wasBound({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[annotation.bindCompleted] === 'yes';
}

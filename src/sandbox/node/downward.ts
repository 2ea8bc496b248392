/** The downward API: environment variables from a pod's own fields. */
import type { Container, Pod, Stored } from '#src/api/kubernetes.ts';

/** Replaces each `valueFrom.fieldRef` by its value; unknown fields become empty. */
export function withFields(container: Container, pod: Stored<Pod>): Container {
  const env = container.env?.map(({ name, value, valueFrom }) => {
    const path = valueFrom?.fieldRef?.fieldPath;
    return { name, value: path === undefined ? (value ?? '') : (fieldOf(pod, path) ?? '') };
  });
  return env ? { ...container, env } : container;
}

function fieldOf({ metadata, spec }: Stored<Pod>, path: string): string | undefined {
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map === 'labels') return metadata.labels?.[key];
  if (map === 'annotations') return metadata.annotations?.[key];
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace;
    case 'metadata.uid':
      return metadata.uid;
    case 'spec.nodeName':
      return spec.nodeName;
    case 'spec.serviceAccountName':
      return spec.serviceAccountName;
    case 'status.podIP':
    case 'status.hostIP':
      return '127.0.0.1';
    default:
      return undefined;
  }
}

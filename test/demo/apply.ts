import { readFile } from 'node:fs/promises';

import { loadAll } from 'js-yaml';

import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import { deployments, persistentVolumeClaims, statefulSets, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

const known: readonly Resource[] = [deployments, statefulSets, persistentVolumeClaims];

/** Applies each object in a YAML file. Resolves with a line for each, such as `deployment/shop created`. */
export async function applyFile(cluster: Cluster, path: string, namespace: string): Promise<string[]> {
  const objects = loadAll(await readFile(path, 'utf8')) as Named<KubernetesObject>[];
  const lines: string[] = [];
  for (const object of objects) {
    const { name } = object.metadata;
    const resource = known.find(({ kind }) => kind === object.kind);
    if (!resource) throw new Error(`${path}: the demo does not support ${object.kind}`);
    const before = await cluster.list(resource, { namespace, fieldSelector: `metadata.name=${name}` });
    const after = await cluster.patch(resource, { name, namespace }, object, { type: 'apply' });
    const was = before.items[0]?.metadata;
    const same = was?.resourceVersion === after.metadata.resourceVersion;
    lines.push(
      `${object.kind.toLowerCase()}/${name} ${was ? (same ? 'unchanged' : 'configured') : 'created'}`,
    );
  }
  return lines;
}

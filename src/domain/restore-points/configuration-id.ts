/** Which BackupConfiguration a snapshot belongs to. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { labelValue } from '#src/domain/workload/names.ts';

/** The snapshots of a configuration carry its name as the value of a label, which may be shortened. */
export function configurationId({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${labelValue(name)}`;
}

/** The `configurationId` of a snapshot's configuration; undefined without that label. */
export function configurationIdOf({ metadata }: KubernetesObject): string | undefined {
  const name = metadata.labels?.[label.invokerName];
  return name === undefined ? undefined : configurationId({ namespace: metadata.namespace ?? '', name });
}

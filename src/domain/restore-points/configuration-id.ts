/** Identifies the BackupConfiguration of a snapshot. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { labelValue } from '#src/domain/workload/names.ts';

/** The snapshots of a configuration have its name, perhaps shortened, as the value of a label. */
export function configurationId({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${labelValue(name)}`;
}

/** Returns the `configurationId` of a snapshot's configuration. Undefined without that label. */
export function configurationIdOf({ metadata }: KubernetesObject): string | undefined {
  const name = metadata.labels?.[label.invokerName];
  return name === undefined ? undefined : configurationId({ namespace: metadata.namespace ?? '', name });
}

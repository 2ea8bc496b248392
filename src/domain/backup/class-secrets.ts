/** Finds the Secrets that the csi-snapshotter passes to the driver, by the parameters of a VolumeSnapshotClass. */
import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

const uses = ['snapshotter-secret', 'snapshotter-list-secret'] as const;

/**
 * Leaves out Secrets whose names depend on the name of the snapshot or of its content. `namespace` is the snapshot's.
 */
export function secretsOf({ parameters = {} }: VolumeSnapshotClass, namespace: string): SecretName[] {
  return uses.flatMap((use) => {
    const [name, home] = ['name', 'namespace'].map((part) =>
      parameters[`csi.storage.k8s.io/${use}-${part}`]?.replaceAll('${volumesnapshot.namespace}', namespace),
    );
    if (name === undefined || home === undefined || `${name}${home}`.includes('${')) return [];
    return [{ namespace: home, name }];
  });
}

/** Finds the directories of a pod's volumes on this machine, and the files that stand for its block devices. */
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';

import type {
  Container,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
  Volume,
} from '#src/api/kubernetes.ts';
import { claimNamesOf } from '#src/sandbox/controllers/claim-users.ts';

import type { VolumeMount } from './container-run.ts';

interface WithHostPath {
  hostPath?: { path: string };
}

interface WithProjected {
  projected?: object;
}

export interface VolumeSources {
  readonly claim: (name: string, namespace: string | undefined) => Stored<PersistentVolumeClaim> | undefined;
  readonly volume: (name: string) => Stored<PersistentVolume> | undefined;
  /** Returns the directory of a volume of our driver. */
  readonly volumePath: (handle: string) => string;
  /** Returns the file that stands for a block volume of our driver. */
  readonly devicePath: (handle: string) => string;
  readonly plainPath: (directory: string) => Promise<string>;
}

/** Creates the directories that are missing, and returns a directory or an error for each mount. */
export async function mountsOf(
  pod: Pod,
  container: Container,
  podDirectory: string,
  sources: VolumeSources,
): Promise<PromiseSettledResult<VolumeMount>[]> {
  await mkdir(join(podDirectory, 'home'), { recursive: true });
  const volumeOf = (name: string): Volume => {
    const volume = pod.spec.volumes?.find((it) => it.name === name);
    if (!volume) throw new Error(`volume "${name}" of container ${container.name} not found`);
    return volume;
  };
  return Promise.allSettled([
    ...(container.volumeMounts ?? []).map(async ({ name, mountPath, subPath }) => {
      const { directory, handle, isBlock } = await locate(pod, volumeOf(name), podDirectory, sources);
      if (isBlock) throw new Error(`volume ${name} has volumeMode Block, but is specified in volumeMounts`);
      const inside = subPath === undefined ? directory : join(directory, safeSubPath(subPath));
      await mkdir(inside, { recursive: true });
      return { mountPath, directory: await sources.plainPath(inside), volume: handle };
    }),
    ...(container.volumeDevices ?? []).map(async ({ name, devicePath }) => {
      const { handle, isBlock } = await locate(pod, volumeOf(name), podDirectory, sources);
      if (!isBlock || handle === undefined)
        throw new Error(`volume ${name} has volumeMode Filesystem, but is specified in volumeDevices`);
      const device = sources.devicePath(handle);
      const directory = join(await sources.plainPath(dirname(device)), basename(device));
      return { mountPath: devicePath, directory, volume: handle };
    }),
  ]);
}

async function locate(
  pod: Pod,
  volume: Volume & WithHostPath & WithProjected,
  podDirectory: string,
  sources: VolumeSources,
): Promise<{ directory: string; handle: string | undefined; isBlock: boolean }> {
  const plain = { handle: undefined, isBlock: false };
  if (volume.hostPath) return { ...plain, directory: volume.hostPath.path };
  // The contents of projected volumes, such as the service account's token, are not implemented.
  if (volume.emptyDir ?? volume.projected)
    return { ...plain, directory: join(podDirectory, 'volumes', volume.name) };
  const [claimName] = claimNamesOf({ ...pod, spec: { ...pod.spec, volumes: [volume] } });
  if (claimName === undefined)
    throw new Error(`the sandbox does not support the type of volume "${volume.name}"`);
  const claim = sources.claim(claimName, pod.metadata.namespace);
  const bound = sources.volume(claim?.spec.volumeName ?? '');
  if (!bound) throw new Error(`persistentvolumeclaim "${claimName}" is not bound`);
  const { csi, hostPath } = bound.spec as PersistentVolume['spec'] & WithHostPath;
  const directory = csi ? sources.volumePath(csi.volumeHandle) : hostPath?.path;
  if (directory === undefined) throw new Error(`the sandbox cannot mount volume ${bound.metadata.name}`);
  // A missing volume must not be replaced by an empty directory.
  if (csi) await stat(directory);
  return { directory, handle: csi?.volumeHandle, isBlock: bound.spec.volumeMode === 'Block' };
}

function safeSubPath(subPath: string): string {
  const path = normalize(subPath);
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw new Error(`subPath ${JSON.stringify(subPath)} must be relative and must not leave the volume`);
  }
  return path;
}

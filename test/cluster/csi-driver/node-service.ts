/** CSI's Node service: a volume is a directory, which is bind-mounted at the kubelet's target path. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { promisify } from 'node:util';

import { StorageError, type Storage } from '#src/sandbox/storage/storage.ts';

import type { NodePublishVolumeRequest, NodeUnpublishVolumeRequest, Topology } from './messages.ts';

const run = promisify(execFile);

export interface NodeOptions {
  readonly storage: Storage;
  readonly nodeId: string;
  /** Topology segments of the node. */
  readonly segments: Readonly<Record<string, string>>;
}

/** All methods are idempotent. */
export function nodeService({ storage, nodeId, segments }: NodeOptions) {
  return {
    nodeGetInfo(): Promise<{ nodeId: string; accessibleTopology: Topology }> {
      return Promise.resolve({ nodeId, accessibleTopology: { segments } });
    },
    nodeGetCapabilities: () => Promise.resolve({ capabilities: [] }),

    async nodePublishVolume(request: NodePublishVolumeRequest): Promise<object> {
      const { volumeId, targetPath, readonly, volumeCapability } = request;
      if (volumeCapability?.block) {
        throw new StorageError('InvalidArgument', 'volumeMode Block is not supported');
      }
      await storage.getVolume(volumeId);
      await mkdir(targetPath, { recursive: true });
      if (await isMounted(targetPath)) return {};
      await run('mount', ['--bind', storage.volumePath(volumeId), targetPath]);
      if (readonly) await run('mount', ['-o', 'remount,bind,ro', targetPath]);
      return {};
    },

    async nodeUnpublishVolume({ targetPath }: NodeUnpublishVolumeRequest): Promise<object> {
      if (await isMounted(targetPath)) await run('umount', [targetPath]);
      await rmdir(targetPath).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      });
      return {};
    },
  };
}

async function isMounted(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').some((line) => line.split(' ')[1] === path);
}

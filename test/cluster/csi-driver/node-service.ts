/**
 * CSI's Node service: a volume is a directory, which is bind-mounted at the kubelet's target path; a block volume is a file, whose loop
 * device is bind-mounted there.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

import type { Storage } from '#src/sandbox/storage/storage.ts';

import { loopDevices } from './loop-devices.ts';
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
  const devices = loopDevices();
  /** The target paths of each block volume. */
  const published = new Map<string, Set<string>>();

  async function publishDevice(volumeId: string, targetPath: string): Promise<void> {
    const targets = published.get(volumeId) ?? new Set();
    published.set(volumeId, targets.add(targetPath));
    const device = await devices.attach(storage.devicePath(volumeId));
    await mkdir(dirname(targetPath), { recursive: true });
    await writeFile(targetPath, '', { flag: 'a' });
    await run('mount', ['--bind', device, targetPath]);
  }

  async function unpublishDevice(volumeId: string, targetPath: string): Promise<void> {
    const targets = published.get(volumeId);
    if (targets?.delete(targetPath) !== true || targets.size > 0) return;
    published.delete(volumeId);
    await devices.detach(storage.devicePath(volumeId));
  }

  return {
    nodeGetInfo(): Promise<{ nodeId: string; accessibleTopology: Topology }> {
      return Promise.resolve({ nodeId, accessibleTopology: { segments } });
    },
    nodeGetCapabilities: () => Promise.resolve({ capabilities: [] }),

    async nodePublishVolume(request: NodePublishVolumeRequest): Promise<object> {
      const { volumeId, targetPath, readonly, volumeCapability } = request;
      await storage.getVolume(volumeId);
      if (await isMounted(targetPath)) return {};
      if (volumeCapability?.block) {
        await publishDevice(volumeId, targetPath);
        return {};
      }
      await mkdir(targetPath, { recursive: true });
      await run('mount', ['--bind', storage.volumePath(volumeId), targetPath]);
      if (readonly) await run('mount', ['-o', 'remount,bind,ro', targetPath]);
      return {};
    },

    async nodeUnpublishVolume({ volumeId, targetPath }: NodeUnpublishVolumeRequest): Promise<object> {
      if (await isMounted(targetPath)) await run('umount', [targetPath]);
      await removeTarget(targetPath);
      await unpublishDevice(volumeId, targetPath);
      return {};
    },
  };
}

/** An empty directory, or the file that a device was mounted over. */
async function removeTarget(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ENOTDIR') await rm(path);
    else if (error.code !== 'ENOENT') throw error;
  }
}

async function isMounted(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').some((line) => line.split(' ')[1] === path);
}

/** Block volumes as loop devices, which the kernel detaches when this process ends, however it ends. */
import { execFile } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface LoopDevices {
  /** Resolves with the device of this file; the same one until it is detached. */
  attach(file: string): Promise<string>;
  /** Detaches it once no container has it open any more. */
  detach(file: string): Promise<void>;
}

export function loopDevices(): LoopDevices {
  const attached = new Map<string, Promise<{ readonly path: string; readonly held: FileHandle }>>();

  async function attachNew(file: string): Promise<{ path: string; held: FileHandle }> {
    const { stdout } = await run('losetup', ['--find', '--show', file]);
    const path = stdout.trim();
    const held = await open(path, 'r');
    // Of a device in use, this is a wish: the kernel detaches it when the last process closes it.
    await run('losetup', ['--detach', path]);
    return { path, held };
  }

  return {
    async attach(file) {
      const device = attached.get(file) ?? attachNew(file);
      attached.set(file, device);
      return (await device).path;
    },
    async detach(file) {
      const device = attached.get(file);
      attached.delete(file);
      await (await device)?.held.close();
    },
  };
}

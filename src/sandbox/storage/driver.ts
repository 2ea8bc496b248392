/**
 * A CSI driver's calls over a Storage, with the faults that the classes ask for. All calls are idempotent.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { readBehaviour, type Behaviour, type Fault } from './faults.ts';
import { StorageError, type Storage, type StoredSnapshot, type StoredVolume } from './storage.ts';

export const driverName = 'sandbox.csi.stash.dev';

export interface Driver {
  /** Rejects with a StorageError. */
  createVolume(request: {
    readonly name: string;
    readonly bytes: number;
    readonly fromSnapshot?: string | undefined;
    readonly isBlock?: boolean | undefined;
    readonly parameters?: Readonly<Record<string, string>> | undefined;
  }): Promise<StoredVolume>;
  deleteVolume(handle: string): Promise<void>;
  /** Cuts a snapshot. It is ready to use after `readyIn` milliseconds, or never if undefined. */
  createSnapshot(request: {
    readonly name: string;
    readonly volume: string;
    readonly parameters?: Readonly<Record<string, string>> | undefined;
  }): Promise<StoredSnapshot & { readonly readyIn: number | undefined }>;
  getSnapshot(handle: string): Promise<StoredSnapshot>;
  deleteSnapshot(handle: string): Promise<void>;
}

/** `signal` ends the delays. `now` returns milliseconds; only differences matter. */
export function openDriver(
  storage: Storage,
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): Driver {
  const firstAsked = new Map<string, number>();

  /** Returns the time of the first call for this name. Throws the fault's error, if there is one. */
  function begin(name: string, { fault }: Behaviour, bytes: number): number {
    const asked = firstAsked.get(name);
    if (asked === undefined) firstAsked.set(name, now());
    if (fault && (fault !== 'error-once' || asked === undefined)) throwFault(fault, name, bytes);
    return asked ?? now();
  }

  async function until(moment: number): Promise<void> {
    const wait = moment - now();
    if (wait > 0) await sleep(wait, undefined, { signal });
  }

  return {
    async createVolume({ name, bytes, fromSnapshot, isBlock, parameters }) {
      const behaviour = readBehaviour(parameters);
      const asked = begin(name, behaviour, bytes);
      if (behaviour.fault === 'never-ready') {
        throw new StorageError('DeadlineExceeded', 'context deadline exceeded');
      }
      const { exactSize, snapshotsDie } = behaviour;
      if (exactSize && fromSnapshot !== undefined) {
        const { bytes: own } = await storage.getSnapshot(fromSnapshot);
        if (own !== bytes) {
          const sizes = `${bytes} bytes requested, but snapshot ${fromSnapshot} has ${own}`;
          throw new StorageError('OutOfRange', `${name}: ${sizes} (restoreSize: exact)`);
        }
      }
      await until(asked + behaviour.delay);
      return storage.createVolume({
        handle: name,
        bytes,
        ...{ fromSnapshot, isBlock },
        ...(snapshotsDie && { snapshotsDie }),
      });
    },
    async deleteVolume(handle) {
      firstAsked.delete(handle);
      await storage.deleteVolume(handle);
    },

    async createSnapshot({ name, volume, parameters }) {
      const behaviour = readBehaviour(parameters);
      // A missing volume takes precedence over the fault: a snapshot that could still be cut cannot be deleted.
      if (behaviour.fault && behaviour.fault !== 'never-ready') await storage.getVolume(volume);
      const asked = begin(name, behaviour, 0);
      await until(asked + behaviour.cutDelay);
      const snapshot = await storage.createSnapshot({ handle: name, volume });
      if (behaviour.fault === 'never-ready') return { ...snapshot, readyIn: undefined };
      return { ...snapshot, readyIn: Math.max(0, asked + behaviour.delay - now()) };
    },
    getSnapshot: (handle) => storage.getSnapshot(handle),
    async deleteSnapshot(handle) {
      firstAsked.delete(handle);
      await storage.deleteSnapshot(handle);
    },
  };
}

function throwFault(fault: Fault, name: string, bytes: number): void {
  switch (fault) {
    case 'error-once':
      throw new StorageError('Internal', `${name}: injected error (fault: error-once)`);
    case 'error-always':
      throw new StorageError('Internal', `${name}: injected error (fault: error-always)`);
    case 'full':
      throw new StorageError(
        'ResourceExhausted',
        `${name}: no space left in the pool${bytes > 0 ? `, ${bytes} bytes wanted` : ''} (fault: full)`,
      );
    case 'never-ready':
  }
}

/** Formats an error as a Go gRPC client does. */
export function rpcError(error: unknown): string {
  const code = error instanceof StorageError ? error.code : 'Internal';
  return `rpc error: code = ${code} desc = ${error instanceof Error ? error.message : String(error)}`;
}

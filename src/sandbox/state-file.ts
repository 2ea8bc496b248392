/** Saves a store's objects in one file, so that a sandbox can be restarted after it was stopped or killed. */
import { readFile, rename, writeFile } from 'node:fs/promises';

import type { SavedStore, Store } from './api-server/store.ts';
import { DirectoryError } from './directory-error.ts';

/** Resolves with undefined if nothing was saved. Throws a DirectoryError if the file cannot be read. */
export async function readState(path: string): Promise<SavedStore | undefined> {
  try {
    const { version, collections } = JSON.parse(await readFile(path, 'utf8')) as Partial<SavedStore>;
    if (typeof version !== 'number' || typeof collections !== 'object')
      throw new Error('it contains no objects');
    return { version, collections };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new DirectoryError(
      `cannot read the objects in ${path}: ${why}`,
      'move the file away to start with an empty cluster',
    );
  }
}

export interface StateFile {
  /** Resolves when everything that the store contains now is on disk. */
  flush(): Promise<void>;
  /** Flushes once more; later changes are not saved. */
  close(): Promise<void>;
}

const delayMilliseconds = 200;

/** Saves the store soon after each change. The file is replaced atomically. */
export function keepState(store: Store, path: string, onError: (message: string) => void): StateFile {
  let saved: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let queue: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    if (saved === store.version()) return;
    const state = store.save();
    await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
    saved = state.version;
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const written = queue.then(write);
    queue = written.catch(() => undefined);
    return written;
  }

  const unsubscribe = store.subscribe(undefined, () => {
    timer ??= setTimeout(() => {
      flush().catch((error: unknown) => {
        onError(`cannot save the objects: ${error instanceof Error ? error.message : String(error)}`);
      });
    }, delayMilliseconds);
  });
  return {
    flush,
    async close() {
      unsubscribe();
      await flush();
    },
  };
}

/**
 * Volumes and snapshots as directories. Under the root:
 *
 *     volumes/<handle>/{data/, about.json}    snapshots/<handle>/{data/, about.json}
 *     data/device                              the contents of a block volume, which has no other file
 *     unfinished/                              copies and deletions in progress; emptied when opened
 *
 * Entries appear and disappear by a single rename, so that a crash leaves them complete or absent.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';

import { copyTree, removeTree } from './copy.ts';
import { atMost } from './at-most.ts';

export interface StoredVolume {
  readonly handle: string;
  readonly bytes: number;
  /** Deleting the volume deletes its snapshots too. */
  readonly snapshotsDie?: boolean | undefined;
  /** It is a block device: `volumeMode: Block`. */
  readonly isBlock?: boolean | undefined;
}

export interface StoredSnapshot {
  readonly handle: string;
  /** Handle of the source volume. */
  readonly volume: string;
  /** Size of that volume: the least size of a volume made from this snapshot. */
  readonly bytes: number;
  readonly isBlock?: boolean | undefined;
  /** RFC 3339: the snapshot does not contain later writes. */
  readonly cutAt: string;
}

export interface Storage {
  /**
   * Creates an empty volume, or one from a snapshot. Keeps an existing volume with the same handle and size.
   */
  createVolume(volume: StoredVolume & { fromSnapshot?: string | undefined }): Promise<StoredVolume>;
  getVolume(handle: string): Promise<StoredVolume>;
  deleteVolume(handle: string): Promise<void>;
  listVolumes(): Promise<StoredVolume[]>;
  /** Returns the directory of the volume's files. */
  volumePath(handle: string): string;
  /** Returns the file with the contents of a block volume, which has the volume's size. */
  devicePath(handle: string): string;
  /** Returns an existing snapshot with the same handle and volume unchanged. */
  createSnapshot(snapshot: { handle: string; volume: string }): Promise<StoredSnapshot>;
  getSnapshot(handle: string): Promise<StoredSnapshot>;
  deleteSnapshot(handle: string): Promise<void>;
  listSnapshots(): Promise<StoredSnapshot[]>;
}

/** `code` is the gRPC code that a CSI driver would answer. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type StorageErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'InvalidArgument'
  | 'OutOfRange'
  | 'ResourceExhausted'
  | 'DeadlineExceeded'
  | 'Unavailable'
  | 'Internal';

export interface StorageOptions {
  readonly now?: () => Date;
  /** Stops the processes that write to a volume while it is copied. The returned function continues them. */
  readonly freeze?: (volumeHandle: string) => () => void;
  /** Default: directories, copied file by file. */
  readonly trees?: Trees;
}

/** How to store a volume's files. The target path must not exist. */
export interface Trees {
  make(path: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
}

const device = 'device';
const directories: Trees = { make: (path) => fs.mkdir(path), copy: copyTree };

type Shelf = 'volumes' | 'snapshots';
const copiesAtOnce = 4;

/** Opens the storage in `directory`, creating it if necessary. Only one process may use it at a time. */
export async function openStorage(directory: string, options: StorageOptions = {}): Promise<Storage> {
  const { now = () => new Date(), trees = directories } = options;
  const unfinished = join(directory, 'unfinished');
  await removeTree(unfinished);
  for (const path of [unfinished, join(directory, 'volumes'), join(directory, 'snapshots')]) {
    await fs.mkdir(path, { recursive: true, mode: 0o700 });
  }
  const copying = atMost(copiesAtOnce);

  function entry(shelf: Shelf, handle: string): string {
    checkHandle(handle);
    return join(directory, shelf, handle);
  }

  async function read<T>(shelf: Shelf, handle: string): Promise<T | undefined> {
    try {
      return JSON.parse(await fs.readFile(join(entry(shelf, handle), 'about.json'), 'utf8')) as T;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async function list<T>(shelf: Shelf): Promise<T[]> {
    const handles = (await fs.readdir(join(directory, shelf))).sort();
    const found = await Promise.all(handles.map((handle) => read<T>(shelf, handle)));
    return found.filter((about) => about !== undefined);
  }

  /** Lets `fill` create the data, then moves the entry into place. */
  async function add(shelf: Shelf, handle: string, fill: (data: string) => Promise<unknown>): Promise<void> {
    const work = join(unfinished, randomUUID());
    await fs.mkdir(work, { mode: 0o700 });
    try {
      const about = await fill(join(work, 'data'));
      await fs.writeFile(join(work, 'about.json'), JSON.stringify(about));
      await fs.rename(work, entry(shelf, handle));
    } catch (error) {
      await removeTree(work);
      // A concurrent call has created the same entry: the caller compares them.
      if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw asStorageError(error);
    }
  }

  async function remove(shelf: Shelf, handle: string): Promise<void> {
    const work = join(unfinished, randomUUID());
    try {
      await fs.rename(entry(shelf, handle), work);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return;
      throw error;
    }
    await removeTree(work);
  }

  async function need<T>(shelf: Shelf, handle: string): Promise<T> {
    const about = await read<T>(shelf, handle);
    if (about === undefined) {
      throw new StorageError(
        'NotFound',
        `${shelf === 'volumes' ? 'volume' : 'snapshot'} ${handle} not found`,
      );
    }
    return about;
  }

  async function fillVolume(
    volume: StoredVolume,
    fromSnapshot: string | undefined,
    data: string,
  ): Promise<void> {
    const { isBlock = false } = volume;
    if (fromSnapshot === undefined) {
      await trees.make(data);
      // Set the mode explicitly, so that the umask does not decide who may write to the volume.
      await fs.chmod(data, 0o777);
      if (isBlock) await fs.writeFile(join(data, device), '', { mode: 0o660 });
    } else await copySnapshot(volume, fromSnapshot, data);
    if (isBlock) await fs.truncate(join(data, device), volume.bytes);
  }

  async function copySnapshot(volume: StoredVolume, fromSnapshot: string, data: string): Promise<void> {
    const snapshot = await need<StoredSnapshot>('snapshots', fromSnapshot);
    if (volume.bytes < snapshot.bytes) {
      const sizes = `${volume.bytes} bytes requested, but snapshot ${fromSnapshot} has ${snapshot.bytes}`;
      throw new StorageError('OutOfRange', `volume ${volume.handle}: ${sizes}`);
    }
    if ((volume.isBlock ?? false) !== (snapshot.isBlock ?? false)) {
      const what = snapshot.isBlock === true ? 'of a block device' : 'of files';
      throw new StorageError(
        'InvalidArgument',
        `volume ${volume.handle}: snapshot ${fromSnapshot} is ${what}`,
      );
    }
    await copying(() => trees.copy(join(entry('snapshots', fromSnapshot), 'data'), data));
  }

  async function cut(volume: string, data: string): Promise<string> {
    return copying(async () => {
      const thaw = options.freeze?.(volume);
      try {
        await trees.copy(join(entry('volumes', volume), 'data'), data);
        return now().toISOString();
      } finally {
        thaw?.();
      }
    });
  }

  return {
    async createVolume({ handle, bytes, fromSnapshot, snapshotsDie, isBlock }) {
      const existing = await read<StoredVolume>('volumes', handle);
      if (!existing) {
        await add('volumes', handle, async (data) => {
          await fillVolume({ handle, bytes, isBlock }, fromSnapshot, data);
          return { handle, bytes, fromSnapshot, snapshotsDie, isBlock };
        });
      }
      const stored = existing ?? (await need<StoredVolume>('volumes', handle));
      if (stored.bytes !== bytes) {
        throw new StorageError('AlreadyExists', `volume ${handle} already exists with ${stored.bytes} bytes`);
      }
      return { handle, bytes };
    },
    getVolume: (handle) => need('volumes', handle),
    async deleteVolume(handle) {
      const about = await read<StoredVolume>('volumes', handle);
      const snapshots = about?.snapshotsDie === true ? await list<StoredSnapshot>('snapshots') : [];
      for (const { handle: snapshot, volume } of snapshots)
        if (volume === handle) await remove('snapshots', snapshot);
      await remove('volumes', handle);
    },
    listVolumes: () => list('volumes'),
    volumePath: (handle) => join(entry('volumes', handle), 'data'),
    devicePath: (handle) => join(entry('volumes', handle), 'data', device),

    async createSnapshot({ handle, volume }) {
      const existing = await read<StoredSnapshot>('snapshots', handle);
      if (!existing) {
        const { bytes, isBlock } = await need<StoredVolume>('volumes', volume);
        await add('snapshots', handle, async (data) => ({
          handle,
          volume,
          bytes,
          isBlock,
          cutAt: await cut(volume, data),
        }));
      }
      const stored = existing ?? (await need<StoredSnapshot>('snapshots', handle));
      if (stored.volume !== volume) {
        throw new StorageError(
          'AlreadyExists',
          `snapshot ${handle} of volume ${stored.volume} already exists`,
        );
      }
      return stored;
    },
    getSnapshot: (handle) => need('snapshots', handle),
    deleteSnapshot: (handle) => remove('snapshots', handle),
    listSnapshots: () => list('snapshots'),
  };
}

function checkHandle(handle: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(handle)) {
    throw new StorageError('InvalidArgument', `${JSON.stringify(handle)} is not a valid handle`);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function asStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StorageError(hasCode(error, 'ENOSPC') ? 'ResourceExhausted' : 'Internal', message);
}

/** Compares the files of two volumes that are mounted here, directory by directory. */
import { constants, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

import { differs, type Difference, type FileFacts } from '#src/domain/files/difference.ts';

import { breather } from './breather.ts';
import { inside, isErrno, isMissing } from './inside.ts';

export interface CompareFiles {
  /** Directories of the two volumes. */
  readonly restored: string;
  readonly live: string;
  /** See `claimPath`. */
  readonly path: string;
  /** Compare the contents of files of the same size, whatever their times are. */
  readonly byContents: boolean;
}

/** Yields in the order of the bytes of the paths within each directory. Rejects as `inside`. */
export async function* compareFiles(task: CompareFiles): AsyncGenerator<Difference, void> {
  const { byContents, path } = task;
  const [restored, live] = await Promise.all([inside(task.restored, path), inside(task.live, path)]);
  const how = { byContents, breathe: breather() };
  yield* compareObjects(Buffer.from(path), Buffer.from(restored), Buffer.from(live), how);
}

interface How extends Pick<CompareFiles, 'byContents'> {
  readonly breathe: ReturnType<typeof breather>;
}

async function* compareObjects(
  path: Buffer,
  restored: Buffer,
  live: Buffer,
  how: How,
): AsyncGenerator<Difference, void> {
  const { byContents, breathe } = how;
  const found = await orProblem(path, () => [factsOf(restored), factsOf(live)] as const);
  if ('problem' in found) {
    yield found.problem;
    return;
  }
  const [before, now] = found.value;
  if (before && now) {
    const by = differs(before, now, { byContents });
    if (by !== undefined) yield { change: 'changed', path, restored: before, live: now, by };
    else if (byContents && before.kind === 'file') {
      const same = await orProblem(path, () => haveSameContents(restored, live));
      if ('problem' in same) yield same.problem;
      else if (!same.value) yield { change: 'changed', path, restored: before, live: now, by: 'contents' };
    }
  } else if (before) yield { change: 'removed', path, restored: before };
  else if (now) yield { change: 'added', path, live: now };
  if (before?.kind !== 'directory' && now?.kind !== 'directory') return;
  const listed = await orProblem(path, () => ({
    before: before?.kind === 'directory' ? namesIn(restored) : [],
    now: now?.kind === 'directory' ? namesIn(live) : [],
  }));
  if ('problem' in listed) {
    yield listed.problem;
    return;
  }
  for (const name of merged(listed.value.before, listed.value.now)) {
    yield* compareObjects(below(path, name), below(restored, name), below(live, name), how);
    await breathe();
  }
}

/** Undefined if there is none. */
function factsOf(path: Buffer): FileFacts | undefined {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if (stats.isDirectory()) return { kind: 'directory', size: 0, modified: 0 };
  if (stats.isSymbolicLink()) {
    const link = readlinkSync(path, { encoding: 'buffer' });
    return { kind: 'symlink', size: 0, modified: 0, link: link.toString('latin1') };
  }
  const { size, mtimeMs } = stats;
  return { kind: stats.isFile() ? 'file' : 'other', size, modified: Math.floor(mtimeMs) };
}

const pieceBytes = 256 * 1024;

async function haveSameContents(a: Buffer, b: Buffer): Promise<boolean> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  await using first = await open(a, flags);
  await using second = await open(b, flags);
  const [left, right] = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)];
  for (;;) {
    const [readLeft, readRight] = [await fill(first, left), await fill(second, right)];
    if (readLeft !== readRight || left.compare(right, 0, readRight, 0, readLeft) !== 0) return false;
    if (readLeft < pieceBytes) return true;
  }
}

/** Reads until the piece is full or the file ends; resolves with the number of bytes. */
async function fill(file: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<number> {
  let filled = 0;
  while (filled < piece.length) {
    const { bytesRead } = await file.read(piece, filled, piece.length - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

function namesIn(directory: Buffer): Buffer[] {
  try {
    const names = readdirSync(directory, { encoding: 'buffer' });
    return names.sort((a, b) => Buffer.compare(a, b));
  } catch (error) {
    // An application may delete it at any time.
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The names in either of two sorted lists, each once. */
function* merged(a: readonly Buffer[], b: readonly Buffer[]): Generator<Buffer, void> {
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const [left, right] = [a[i], b[j]];
    const order = left && right ? Buffer.compare(left, right) : left ? -1 : 1;
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
    const name = order <= 0 ? left : right;
    if (name) yield name;
  }
}

function below(directory: Buffer, name: Buffer): Buffer {
  return directory.length === 0 ? name : Buffer.concat([directory, Buffer.from('/'), name]);
}

/** Reports what the user may not read as a difference, so that the rest is compared. */
async function orProblem<T>(
  path: Buffer,
  read: () => T | Promise<T>,
): Promise<{ readonly value: T } | { readonly problem: Difference }> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM')) throw error;
    return { problem: { change: 'unknown', path, why: 'permission denied' } };
  }
}

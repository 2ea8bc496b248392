/** Reads a file while it is being written. */
import { watch } from 'node:fs';
import { open, readFile } from 'node:fs/promises';

/** Resolves with the byte offset of the last `lines` lines. */
export async function startOfTail(path: string, lines: number): Promise<number> {
  const content = await readFile(path);
  let position = content.length;
  if (content.at(-1) === 0x0a) position--;
  for (let left = lines; left > 0 && position >= 0; left--)
    position = content.lastIndexOf(0x0a, position - 1);
  return lines === 0 ? content.length : position + 1;
}

/** Yields the file from `position` on, until `ended` resolves and everything is read, or `signal` aborts. */
export async function* followFile(
  path: string,
  position: number,
  ended: Promise<unknown>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  await using file = await open(path);
  const state = { changed: true, over: false };
  let wake = (): void => undefined;
  const mark = (change: Partial<typeof state>): void => {
    Object.assign(state, change);
    wake();
  };
  const over = (): void => {
    mark({ over: true });
  };
  const watcher = watch(path, () => {
    mark({ changed: true });
  });
  signal.addEventListener('abort', over);
  void ended.then(over, over);
  try {
    while (!signal.aborted) {
      // Read this first: whatever was written before the end is then read below.
      const last = state.over;
      state.changed = false;
      const block = Buffer.alloc(64 * 1024);
      const { bytesRead } = await file.read(block, 0, block.length, position);
      position += bytesRead;
      if (bytesRead > 0) yield block.subarray(0, bytesRead);
      else if (last) return;
      else if (!hasNews(state)) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    watcher.close();
    signal.removeEventListener('abort', over);
  }
}

/** A function, because the compiler would otherwise narrow the properties to their earlier values. */
function hasNews(state: { changed: boolean; over: boolean }): boolean {
  return state.changed || state.over;
}

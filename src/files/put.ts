/** Writes to a stream no faster than it takes the data. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Resolves when the stream takes more data. Rejects where it breaks. */
export async function put(out: Writable, data: Buffer | string): Promise<void> {
  if (out.errored) throw out.errored;
  if (!out.write(data)) await once(out, 'drain');
}

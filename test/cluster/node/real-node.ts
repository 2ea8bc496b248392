/** The images of a node, and commands that run where a node can be, each in namespaces of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeImages } from './images.ts';
import { enter } from './place.ts';

export interface RealNode {
  /** Is there until `close`. */
  readonly directory: string;
  /**
   * Runs a command in new namespaces, where `startControlPlane` finds them; resolves with its exit code, when nothing
   * of it is left. `signal` ends it at once. Its standard streams but the input are ours.
   */
  run(
    command: string,
    args: readonly string[],
    options: { readonly environment: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<number>;
  close(): Promise<void>;
}

/** `$NODE_IMAGES`: a directory in which a run that goes on has made the images already. */
export async function openRealNode(): Promise<RealNode> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-images-'));
  const close = () => rm(directory, { recursive: true, force: true });
  const layouts = process.env['NODE_IMAGES'] ?? directory;
  try {
    if (layouts === directory) await makeImages(layouts);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    directory,
    async run(command, args, { environment, signal }) {
      // Short: Unix sockets below it must stay under 104 characters.
      const own = await mkdtemp(join(tmpdir(), 'stash-node-'));
      const inside = await enter({ directory: own, layouts }, command, args);
      const child = spawn(inside.command, inside.args, {
        // The input is the life line: it ends with this process, however that ends.
        stdio: ['pipe', 'inherit', 'inherit'],
        env: { ...process.env, ...environment, ...inside.environment },
      });
      const cut = () => void child.stdin.end();
      if (signal.aborted) cut();
      signal.addEventListener('abort', cut, { once: true });
      try {
        const [code] = (await once(child, 'exit')) as [number | null];
        return code ?? 1;
      } finally {
        signal.removeEventListener('abort', cut);
        await rm(own, { recursive: true, force: true });
      }
    },
    close,
  };
}

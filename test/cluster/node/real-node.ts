/** The images of a node, and commands in namespaces where a node can run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeImages } from './images.ts';
import { enter } from './place.ts';

export interface RealNode {
  /** Exists until `close`. */
  readonly directory: string;
  /**
   * Runs a command in new namespaces, where `startControlPlane` finds them. Resolves with its exit code when
   * all its processes are gone. `signal` kills it. It shares our stdout and stderr.
   */
  run(
    command: string,
    args: readonly string[],
    options: { readonly environment: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<number>;
  close(): Promise<void>;
}

/** `$NODE_IMAGES`: a directory in which an outer run has already built the images. */
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
      // A short path, because Unix sockets below it must have fewer than 104 characters.
      const own = await mkdtemp(join(tmpdir(), 'stash-node-'));
      const inside = await enter({ directory: own, layouts }, command, args);
      const child = spawn(inside.command, inside.args, {
        // stdin is the lifeline: it closes when this process ends, for any reason.
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

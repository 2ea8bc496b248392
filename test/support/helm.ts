/** The chart, rendered by Helm. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const chart = join(import.meta.dirname, '../../charts/kubectl-stash');

export interface Helm {
  /** Resolves with stdout; rejects with what Helm prints on stderr. `values`: those that differ from the defaults. */
  run(args: readonly string[], values?: object): Promise<string>;
}

/** `path`: the program. It knows no repositories, plugins or settings of the user. */
export function helmAt(path: string, kubeconfig?: string): Helm {
  return {
    async run(args, values = {}) {
      const home = await mkdtemp(join(tmpdir(), 'stash-helm-'));
      try {
        const file = join(home, 'values.json');
        await writeFile(file, JSON.stringify(values));
        const takesValues = ['template', 'install', 'upgrade', 'lint'].includes(args[0] ?? '');
        const { stdout } = await run(path, [...args, ...(takesValues ? ['--values', file] : [])], {
          env: { PATH: process.env['PATH'], HOME: home, ...(kubeconfig && { KUBECONFIG: kubeconfig }) },
          maxBuffer: 1 << 24,
        });
        return stdout;
      } finally {
        await rm(home, { recursive: true });
      }
    },
  };
}

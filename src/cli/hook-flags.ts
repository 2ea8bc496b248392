/** Flags for hooks. */
import { StashError } from '#src/errors.ts';

import type { Flag } from './command.ts';

/** Adds `--pre`, `--post`, `--container` and `--max-freeze`. */
export const hookFlags = {
  pre: {
    type: 'string',
    valueName: 'COMMAND',
    description:
      'Run this in every running pod of the target before the snapshots: it should make the application write all that it has, and stop writing. No snapshot is taken where it fails.',
  },
  post: {
    type: 'string',
    valueName: 'COMMAND',
    description:
      'Run this there as soon as every snapshot is cut, and whatever happens: it should let the application go on.',
  },
  container: {
    type: 'string',
    valueName: 'NAME',
    description: "Container in which --pre and --post run; by default each pod's first.",
  },
  maxFreeze: {
    type: 'duration',
    valueName: 'DURATION',
    description:
      'How long the application may wait between --pre and --post, by default 60s; what is not cut by then has failed.',
  },
} as const satisfies Record<string, Flag>;

interface Given {
  readonly pre: string | undefined;
  readonly post: string | undefined;
  readonly container: string | undefined;
  /** Milliseconds. */
  readonly maxFreeze: number | undefined;
  readonly executor: string;
  readonly wait: boolean;
}

/** Throws 'usage' for flags that contradict each other. */
export function checkHookFlags({ pre, post, container, executor, wait, maxFreeze }: Given): void {
  const usage = (message: string, hint: string) => new StashError('usage', message, { hint });
  if (maxFreeze === 0) throw usage('--max-freeze 0 leaves no time to cut a snapshot', 'say --max-freeze 60s');
  if (pre === undefined && post === undefined) {
    if (container === undefined) return;
    throw usage('--container says where --pre and --post run, and there is neither', 'leave out --container');
  }
  const given = pre === undefined ? '--post' : '--pre';
  if (executor === 'operator') {
    throw usage(
      `${given} and --executor=operator exclude each other: an operator does not run what a command line gives it`,
      'leave out --executor=operator, or put the hooks into spec.hooks of the BackupConfiguration',
    );
  }
  if (!wait) {
    throw usage(
      `${given} and --wait=false exclude each other: nobody else would run it`,
      'leave out --wait=false',
    );
  }
}

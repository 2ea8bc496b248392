/** Flags for hooks. */
import { StashError } from '#src/errors.ts';

import type { Flag } from './command.ts';

/** Adds `--pre`, `--post`, `--container` and `--max-freeze`. */
export const hookFlags = {
  pre: {
    type: 'string',
    valueName: 'COMMAND',
    description:
      'Shell command to run in every running pod of the target before the snapshots. It should make the application flush its data and stop writing. If it fails, no snapshot is taken.',
  },
  post: {
    type: 'string',
    valueName: 'COMMAND',
    description:
      'Shell command to run in the same pods as soon as every snapshot is cut, even after a failure. It should let the application write again.',
  },
  container: {
    type: 'string',
    valueName: 'NAME',
    description:
      'Container in which --pre and --post run; by default the container that the annotation kubectl.kubernetes.io/default-container of the pod names, else the first.',
  },
  maxFreeze: {
    type: 'duration',
    valueName: 'DURATION',
    description:
      'How long the application may stay quiesced between --pre and --post, by default 60s. Snapshots that are not cut by then fail.',
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
  if (maxFreeze === 0) throw usage('--max-freeze 0 leaves no time to cut a snapshot', 'use --max-freeze 60s');
  if (pre === undefined && post === undefined) {
    if (container === undefined) return;
    throw usage('--container requires --pre or --post', 'leave out --container');
  }
  const given = pre === undefined ? '--post' : '--pre';
  if (executor === 'operator') {
    throw usage(
      `${given} and --executor=operator are mutually exclusive: an operator does not run hooks of a command line`,
      'leave out --executor=operator, or put the hooks into spec.hooks of the BackupConfiguration',
    );
  }
  if (!wait) {
    throw usage(
      `${given} and --wait=false are mutually exclusive: only this command would run the hook`,
      'leave out --wait=false',
    );
  }
}

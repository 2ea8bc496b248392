/** Hooks that write a log to the volume, and checks of a session's state. */
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { note } from '#test/session/hooked.ts';

export const shell = (command: string) => ({
  exec: { command: ['/bin/sh', '-c', command] },
  containerName: 'app',
});

export const tracedHooks = { preBackup: shell(note('freeze')), postBackup: shell(note('thaw')) };

/** The preBackup hook fails the first time; the session is retried a second later. */
export const failingOnce: Partial<BackupConfiguration['spec']> = {
  hooks: {
    preBackup: shell(`test -e /data/failed || { touch /data/failed; exit 1; }; ${note('freeze')}`),
    postBackup: shell(note('thaw')),
  },
  retryConfig: { maxRetry: 1, delay: '1s' },
};

/** Whether retention and history are done. */
export function isTidied({ status }: BackupSession): boolean {
  return status?.conditions?.some(({ type }) => type === 'BackupHistoryCleaned') === true;
}

/** Whether the session is the last retry and is tidied up. */
export function isRetry(session: BackupSession): boolean {
  return session.spec.retryLeft === 0 && isTidied(session);
}

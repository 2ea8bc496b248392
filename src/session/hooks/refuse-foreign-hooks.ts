/** Says why this command does not run hooks of another command line, and how to resume the application. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { foreignHooks } from '#src/domain/hooks/hook-command.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import { backupHookState } from '#src/domain/backup/backup-claims.ts';
import type { Target } from '#src/domain/workload/target.ts';

import { placesByHand } from './hook-pods.ts';

/** Resolves with the message. Reads the target's pods only if the application may be quiesced. Never rejects. */
export async function refuseForeignHooks(
  cluster: Cluster,
  hooks: SessionHooks,
  session: Stored<BackupSession>,
  target: Target,
): Promise<string> {
  const state = backupHookState(session);
  const mayBeQuiet = state.quiescedSince !== undefined && state.post === undefined;
  const places = mayBeQuiet && hooks.post ? await placesByHand(cluster, target, hooks.post) : undefined;
  return foreignHooks(hooks, state, target, places);
}

/** Tidies up after the command line's session. Never changes how the session ended. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RetentionPolicy } from '#src/api/stash.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { marks, type KeepWishes } from '#src/domain/restore-points/keeping.ts';
import { retentionType } from '#src/domain/retention/tidy-conditions.ts';
import { isStashError } from '#src/errors.ts';
import { annotateSnapshots } from '#src/session/after/annotate-snapshots.ts';
import { applyRetention } from '#src/session/after/apply-retention.ts';
import { persist } from '#src/session/persist.ts';
import { tidyUp } from '#src/session/after/tidy.ts';

import type { FollowEnvironment } from './follow.ts';

export interface Ending {
  readonly progress: Progress;
  /** The session that this command carried out. Undefined if another executor did, which then tidies up. */
  readonly ended: Stored<BackupSession> | undefined;
  readonly configuration: Stored<BackupConfiguration>;
  /** The retention policy of the command line. */
  readonly policy: RetentionPolicy | undefined;
  /**
   * `--pin` and `--keep-until` of a command that continued a session of another client. A session that the command
   * created already has them.
   */
  readonly keep: KeepWishes | undefined;
  readonly say: (line: string) => void;
}

export async function tidyAfter(environment: FollowEnvironment, ending: Ending): Promise<void> {
  const { progress, say } = ending;
  try {
    await applyMarks(environment, ending);
    await applyPolicy(environment, ending);
    await applyConfigured(environment, ending);
  } catch (error) {
    if (!isStashError(error, 'interrupted')) throw error;
    say(
      `note: interrupted after the end of backupsession/${progress.session}: old snapshots and sessions may be left`,
    );
  }
}

async function applyMarks(
  environment: FollowEnvironment,
  { progress: { session, namespace, claims }, keep, say }: Ending,
): Promise<void> {
  if (keep === undefined) return;
  const snapshots = claims.flatMap(({ snapshot: name }) =>
    name === undefined ? [] : [{ metadata: { name } }],
  );
  try {
    await annotateSnapshots(environment, namespace, snapshots, () => marks(keep));
  } catch (error) {
    if (!isStashError(error) || environment.signal.aborted) throw error;
    say(`note: backupsession/${session} is not marked: ${error.message}`);
  }
}

async function applyPolicy(
  environment: FollowEnvironment,
  { progress, ended, policy, say }: Ending,
): Promise<void> {
  if (policy === undefined) return;
  if (progress.verdict?.outcome !== 'succeeded') {
    say(`note: ${policy.name} is not applied, since the session did not succeed: nothing is deleted`);
    return;
  }
  const { cluster } = environment;
  const look = () => cluster.get(backupSessions, progress.session, progress.namespace);
  const session = ended ?? (await persist(environment, look));
  const { done, message } = await applyRetention(environment, session, policy, 'user');
  say(done ? message : `note: ${message}`);
}

async function applyConfigured(
  environment: FollowEnvironment,
  { ended, configuration, say }: Ending,
): Promise<void> {
  if (ended === undefined) return;
  const { conditions, deleted, notes } = await tidyUp(environment, { session: ended, configuration });
  const retention = conditions.find(({ type }) => type === retentionType);
  if (retention?.status === 'True' && deleted.snapshots.length > 0) say(retention.message);
  for (const note of notes) say(`note: ${note}`);
}

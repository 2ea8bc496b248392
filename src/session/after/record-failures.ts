/** Records on snapshots that their session failed, and why: the history limit deletes the session one day. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { backupEnd } from '#src/domain/operator/end-words.ts';
import { beginning } from '#src/domain/quoted.ts';
import type { Invoker } from '#src/domain/retention/retention.ts';
import { labelValue } from '#src/domain/workload/names.ts';

import { annotateSnapshots } from './annotate-snapshots.ts';
import { untilTrouble } from './delete-each.ts';
import type { HoldEnvironment } from '#src/session/holding/held.ts';
import { persist } from '#src/session/persist.ts';

/** The limit of the reason's characters, because each snapshot repeats it. */
const longestReason = 300;

/** `sessions` are those of the invoker. Safe to repeat. Rejects as a list or a patch does. */
export async function recordFailures(
  environment: HoldEnvironment,
  { name, namespace }: Invoker,
  sessions: readonly Stored<BackupSession>[],
): Promise<void> {
  const failed = new Map(
    sessions.filter(({ status }) => status?.phase === 'Failed').map((each) => [each.metadata.uid, each]),
  );
  if (failed.size === 0) return;
  const { cluster, clock } = environment;
  const patience = { until: untilTrouble(clock.now()) };
  const scope = { namespace, labelSelector: `${label.invokerName}=${labelValue(name)}` };
  const { items } = await persist(environment, () => cluster.list(volumeSnapshots, scope), patience);
  const unmarked = items.flatMap(({ metadata }) => {
    const { annotations = {} } = metadata;
    const session = failed.get(annotations[annotation.sessionUid] ?? '');
    return session && annotations[annotation.sessionFailed] === undefined ? [{ metadata, session }] : [];
  });
  await annotateSnapshots(environment, namespace, unmarked, ({ session }) => ({
    [annotation.sessionFailed]: beginning(backupEnd(session).message, longestReason),
  }));
}

/** Begins a session of a BackupConfiguration as its schedule would: the executor finds the claims. */
import type { Stored } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { buildBackupSession } from '#src/domain/backup/build-backup.ts';
import { targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { HoldEnvironment } from '#src/session/holding/held.ts';
import { persist, untilNextSecond } from '#src/session/persist.ts';

type Env = HoldEnvironment;

export interface TriggerRequest {
  /** The BackupConfiguration's name. */
  readonly name: string;
  readonly namespace: string;
  /** UID of the object that asks for the session. The same UID gets the same session, however often it asks. */
  readonly trigger?: string | undefined;
}

/**
 * @throws StashError 'not-found'; 'precondition' if the configuration uses another driver, has no target that a session
 *   can snapshot, or is being deleted
 */
export async function triggerBackup(
  environment: Env,
  request: TriggerRequest,
): Promise<Stored<BackupSession>> {
  const { cluster, clock, signal } = environment;
  const { name, namespace } = request;
  const configuration = await persist(environment, () => cluster.get(backupConfigurations, name, namespace));
  const target = targetOfConfiguration(configuration);
  if (configuration.metadata.deletionTimestamp !== undefined) {
    throw new StashError('precondition', `backupconfiguration/${name} is being deleted`, {
      hint: 'no backup of it begins any more',
    });
  }
  const { trigger = crypto.randomUUID() } = request;
  const labels = { [label.trigger]: trigger };
  const begun =
    request.trigger === undefined ? undefined : await findBegun(environment, configuration, trigger);
  if (begun !== undefined) return begun;
  for (;;) {
    const maker = { by: 'schedule' } as const;
    const session = buildBackupSession({ configuration, target, at: clock.now(), maker });
    const { metadata } = session;
    const labelled = { ...session, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
    try {
      return await persist(environment, () => cluster.create(backupSessions, labelled));
    } catch (error) {
      if (!isStashError(error, 'already-exists')) throw error;
      // The session is this client's own, whose answer was lost, or another client's of the same second.
      const existing = await findBegun(environment, configuration, trigger);
      if (existing !== undefined) return existing;
      await untilNextSecond(clock, signal);
    }
  }
}

async function findBegun(
  environment: Env,
  { metadata }: Stored<BackupConfiguration>,
  trigger: string,
): Promise<Stored<BackupSession> | undefined> {
  const scope = { namespace: metadata.namespace, labelSelector: `${label.trigger}=${trigger}` };
  const { items } = await persist(environment, () => environment.cluster.list(backupSessions, scope));
  return items.find(({ spec }) => spec.invoker.name === metadata.name);
}

/** Takes the snapshot of the present data before a restore in place deletes claims, with this command as its executor. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { find } from '#src/cluster/find.ts';
import { buildBackupSession, buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { chooseConfiguration } from '#src/domain/configuration/choose-configuration.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';
import type { Environment } from '#src/session/environment.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { persist } from '#src/session/persist.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { planBackup } from '#src/session/plan/plan-backup.ts';
import { carryOut } from '#src/session/run/carry-out.ts';

export interface TakeBefore {
  readonly target: Target;
  /** The name of the BackupSession. */
  readonly name: string;
  /** The restore in place. */
  readonly session: Stored<RestoreSession>;
  /** No pod runs, so hooks have nothing to quiesce. */
  readonly stopped: boolean;
  /** This executor's id. */
  readonly id: string;
}

/**
 * Resolves when the BackupSession has ended, whether it succeeded or failed: with true if this executor began it.
 * Rejects as the requests and `planBackup` do.
 */
export async function takeBefore(environment: Environment, task: TakeBefore): Promise<boolean> {
  const { cluster } = environment;
  const { target, name, session, stopped, id } = task;
  const { namespace } = target;
  const found = await persist(environment, () => find(cluster, backupSessions, { name, namespace }));
  const begun = found ?? (await begin(environment, task));
  const invoker = begun.spec.invoker.name;
  const { items } = await persist(environment, () => cluster.list(backupConfigurations, { namespace }));
  const configuration = items.find(({ metadata }) => metadata.name === invoker);
  if (configuration === undefined)
    throw new StashError('not-found', `backupconfiguration/${invoker} does not exist any more`);
  const { hooks, ...spec } = configuration.spec;
  const timeOut = session.spec.timeOut ?? spec.timeOut;
  await carryOut({ ...environment, onChange: () => undefined }, backup, {
    ...{ session: begun, id, held: 'wait' },
    context: {
      configuration: {
        ...configuration,
        spec: { ...spec, ...(timeOut !== undefined && { timeOut }), ...(!stopped && hooks && { hooks }) },
      },
    },
  });
  return found === undefined;
}

async function begin(
  environment: Environment,
  { target, name, session, id }: TakeBefore,
): Promise<Stored<BackupSession>> {
  const { cluster, clock } = environment;
  const plan = await persist(environment, () =>
    planBackup(readerOf(cluster, target.namespace), { target, user: 'this executor' }),
  );
  const configuration = plan.configuration ?? (await createConfiguration(environment, target));
  const built = buildBackupSession({
    ...{ configuration, target, claims: plan.sessionClaims, at: clock.now() },
    maker: { by: 'user', name: `restoresession/${session.metadata.name}` },
    holder: { id, counter: 0 },
  });
  const wanted = { ...built, metadata: { ...built.metadata, name } };
  try {
    return await persist(environment, () => cluster.create(backupSessions, wanted));
  } catch (error) {
    // An earlier attempt created it, and its answer was lost.
    if (!isStashError(error, 'already-exists')) throw error;
    return await persist(environment, () => cluster.get(backupSessions, name, target.namespace));
  }
}

async function createConfiguration(
  environment: Environment,
  target: Target,
): Promise<Stored<BackupConfiguration>> {
  const { cluster } = environment;
  try {
    return await persist(environment, () => cluster.create(backupConfigurations, buildConfiguration(target)));
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    const { items } = await cluster.list(backupConfigurations, { namespace: target.namespace });
    const existing = chooseConfiguration(items, target, undefined);
    if (existing === undefined) throw error;
    return existing;
  }
}

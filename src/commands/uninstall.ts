import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import type { Context } from '#src/cli/context.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import type { PlacedRight } from '#src/cluster/access.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { countKinds, unfinishedSessions } from '#src/domain/install/removal.ts';
import { refuseHelms } from '#src/domain/install/plan.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { hasAppscode } from '#src/cluster/appscode.ts';
import { findHome, readInstalled, type Installed } from '#src/install/installed.ts';
import { removeAll } from '#src/install/remove-all.ts';
import { demandRights } from '#src/install/rights.ts';

export const command = defineCommand({
  name: 'uninstall',
  usage: 'uninstall [-n NAMESPACE] [flags]',
  description: `Remove the operator: its Deployment, its roles, also in the namespaces that it watches, its namespace if nothing else is in it, and the CronJobs and service accounts that it created. BackupConfigurations, sessions and their definitions stay, and a later install continues with them.

With --crds, the definitions are deleted too, and with them every BackupConfiguration, BackupSession and RestoreSession of the cluster. VolumeSnapshots always stay.`,
  examples: [
    '# Remove the operator, and keep configurations and sessions\nkubectl stash uninstall',
    '# Show what --crds would delete\nkubectl stash uninstall --crds --dry-run=client',
  ],
  flags: {
    crds: {
      type: 'boolean',
      description: 'Delete the CustomResourceDefinitions too, and all objects of these kinds.',
    },
    force: {
      type: 'boolean',
      description: 'Remove the operator even if sessions are unfinished. They stay as they are.',
    },
    yes: {
      type: 'boolean',
      alias: 'y',
      description: 'Confirm that --crds deletes all objects of these kinds.',
    },
    timeout: { type: 'duration', default: '2m', description: 'How long to wait until each object is gone.' },
    dryRun: dryRunFlag('client'),
  },
  async run({ flags, connection }, context) {
    const { cluster, user } = await context.cluster(connection);
    const { crds, force, dryRun } = flags;
    const installation = await findHome(cluster, connection.namespace);
    refuseHelms(installation);
    const namespace = installation.home;
    const appscode = await hasAppscode(cluster);
    if (crds && appscode) throw definitionsInUse();
    const look = () => readInstalled(cluster, installation, appscode);
    const installed = await look();
    const sessions = [...installed.backupSessions, ...installed.restoreSessions];
    const unfinished =
      crds || installed.places.length > 0 ? sessions.filter((session) => !isFinal(session)) : [];
    if (crds) announceLoss(installed, flags.yes || dryRun !== undefined, connection.namespace, context);
    if (dryRun === undefined) {
      const refusal = force ? undefined : unfinishedSessions(unfinished);
      if (refusal) throw refusal;
      await demandRights(cluster, user, rightsFor(installed, crds), 'ask an administrator to run it');
    }
    const waiting = {
      cluster,
      clock: context,
      signal: context.signal,
      tell: tellOn(context),
      timeoutMs: flags.timeout,
    };
    const say = (line: string) => {
      printLine(context.out, `${line}${dryRun === undefined ? '' : ' (dry run)'}`);
    };
    const removal = { waiting, say, dryRun: dryRun !== undefined };
    const removed = await removeAll(removal, look, { namespace, crds }).catch((error: unknown) => {
      throw isStashError(error, 'interrupted') ? halfDone(connection.namespace) : error;
    });
    if (!removed) say(`nothing of the operator is installed in namespace ${namespace}`);
  },
});

/** Prints which objects are deleted with the definitions. Throws 'precondition' unless the user has confirmed it. */
function announceLoss(
  { configurations, backupSessions: backups, restoreSessions: restores }: Installed,
  yes: boolean,
  namespace: string | undefined,
  { err }: Context,
): void {
  const lost = countKinds([
    [backupConfigurations, configurations.length],
    [backupSessions, backups.length],
    [restoreSessions, restores.length],
  ]);
  const words = lost === '' ? 'no objects' : lost;
  if (yes) {
    printLine(err, `deleting the definitions also deletes: ${words}; volumesnapshots stay`);
    return;
  }
  throw new StashError(
    'precondition',
    `deleting the definitions would also delete: ${words}; volumesnapshots would stay`,
    {
      hint: commandLine`kubectl stash uninstall --crds --yes ${inNamespace(namespace)}`,
    },
  );
}

function rightsFor({ places, made, taken, definitions }: Installed, crds: boolean): PlacedRight[] {
  const patch = { verb: 'patch', resource: backupConfigurations } as const;
  return [
    ...[...places, ...made, ...(crds ? definitions : [])].map(
      ({ resource, namespace }) => ({ verb: 'delete', resource, namespace }) as const,
    ),
    ...(taken.length > 0 ? [patch, { ...patch, subresource: 'status' } as const] : []),
  ];
}

function definitionsInUse(): StashError {
  return new StashError(
    'precondition',
    "AppsCode's Stash operator runs in this cluster and uses the definitions",
    { hint: 'leave out --crds' },
  );
}

function halfDone(namespace: string | undefined): StashError {
  return new StashError('interrupted', 'interrupted; part of the operator is still there', {
    hint: commandLine`kubectl stash uninstall ${inNamespace(namespace)}`,
  });
}

import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import type { Context } from '#src/cli/context.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import type { PlacedRight } from '#src/cluster/access.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { countKinds, unfinishedSessions } from '#src/domain/install/removal.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { hasAppscode } from '#src/cluster/appscode.ts';
import { findHome, readInstalled, type Installed } from '#src/install/installed.ts';
import { removeAll } from '#src/install/remove-all.ts';
import { demandRights } from '#src/install/rights.ts';

export const command = defineCommand({
  name: 'uninstall',
  usage: 'uninstall [-n NAMESPACE] [flags]',
  description:
    'Remove the operator: its Deployment, its rights, its namespace where nothing else is in it, and the CronJobs ' +
    'and accounts that it made. BackupConfigurations, sessions and their definitions stay; a later install goes on ' +
    'with them.\n\n' +
    'With --crds the definitions go too, and with them every BackupConfiguration, BackupSession and RestoreSession ' +
    'of the cluster. VolumeSnapshots always stay.',
  examples: [
    '# Remove the operator, and keep all that it worked on\nkubectl stash uninstall',
    '# See what would go with the definitions\nkubectl stash uninstall --crds --dry-run=client',
  ],
  flags: {
    crds: {
      type: 'boolean',
      description: 'Delete the CustomResourceDefinitions too, and all objects of these kinds.',
    },
    force: { type: 'boolean', description: 'Leave sessions that are not finished to nobody.' },
    yes: {
      type: 'boolean',
      alias: 'y',
      description: 'Delete with --crds without being asked for this flag.',
    },
    timeout: { type: 'duration', default: '2m', description: 'How long to wait until each thing is gone.' },
    dryRun: dryRunFlag('client'),
  },
  async run({ flags, connection }, context) {
    const { cluster, user } = await context.cluster(connection);
    const { crds, force, dryRun } = flags;
    const namespace = await findHome(cluster, connection.namespace);
    const appscode = await hasAppscode(cluster);
    if (crds && appscode) throw definitionsInUse();
    const look = () => readInstalled(cluster, namespace, appscode);
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
    const waiting = { cluster, clock: context, signal: context.signal, timeoutMs: flags.timeout };
    const say = (line: string) => context.out.write(`${line}${dryRun === undefined ? '' : ' (dry run)'}\n`);
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
  const words = lost === '' ? 'no objects of theirs' : lost;
  if (yes) {
    err.write(`with the definitions go: ${words}; volumesnapshots stay\n`);
    return;
  }
  throw new StashError(
    'precondition',
    `with the definitions would go: ${words}; volumesnapshots would stay`,
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

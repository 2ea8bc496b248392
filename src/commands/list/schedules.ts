import { backupConfigurations } from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import { allNamespacesFlag, noHeadersFlag, timeZone, utcFlag } from '#src/cli/flags.ts';
import { outputFlag, print } from '#src/cli/output.ts';
import { scheduleOutlooks } from '#src/domain/configuration/schedule-outlook.ts';
import { scheduleList, scheduleNames, scheduleTable } from '#src/report/schedules.ts';
import { readPoints } from '#src/session/plan/read-points.ts';

import { tellNoneFound } from '../none-found.ts';

export const command = defineCommand({
  name: 'list schedules',
  usage: 'list schedules [flags]',
  description: `List schedules: the BackupConfiguration, its workload, when it is due next, and its newest complete restore point. A schedule is overdue if it was due twice since then. Schedules are read in UTC, the usual time zone of control planes.

BackupConfigurations that "kubectl stash snapshot" created for snapshots on demand are no schedules.`,
  examples: [
    '# List the schedules of all namespaces\nkubectl stash list schedules -A',
    "# Print the names of those that are overdue\nkubectl stash list schedules \\\n  -o jsonpath='{.items[?(@.overdue==true)].metadata.name}'",
  ],
  flags: {
    ...allNamespacesFlag,
    ...noHeadersFlag,
    ...utcFlag,
    output: outputFlag('table'),
  },
  async run(args, context) {
    const { allNamespaces, noHeaders, output } = args.flags;
    const connection = await context.cluster(args.connection);
    const { cluster } = connection;
    const namespace = allNamespaces ? undefined : connection.namespace;
    const [{ items }, points] = await Promise.all([
      cluster.list(backupConfigurations, { namespace }),
      readPoints(cluster, namespace, { brief: true }),
    ]);
    const now = context.now();
    const outlooks = scheduleOutlooks(items, points, now);
    if (outlooks.length === 0) await tellNoneFound('schedules', { cluster, namespace, err: context.err });
    const zone = timeZone(args.flags, context);
    const options = { now, zone, allNamespaces, noHeaders, wide: output === 'wide' } as const;
    const shown = {
      table: () => (outlooks.length === 0 ? '' : scheduleTable(outlooks, options)),
      value: () => scheduleList(outlooks),
      names: () => scheduleNames(outlooks),
    };
    await print(context.out, output ?? 'wide', shown, { noHeaders });
  },
});

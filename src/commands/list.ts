import type { KubernetesObject, Stored, VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import {
  backupSessions,
  namespaces,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import { allNamespacesFlag, selectorFlag } from '#src/cli/flags.ts';
import { outputFlag, print } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { parseTargets, type TargetArguments } from '#src/domain/arguments/target-arguments.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';
import { restorePointList, restorePointNames, restorePointTable } from '#src/report/restore-points.ts';

export const command = defineCommand({
  name: 'list',
  usage: 'list [TYPE/NAME] [flags]',
  description: `List restore points, newest first: the target, the time, how many of its claims have a ready snapshot (CLAIMS), the size to restore, and the result. A restore point outlives its session, its workload and its claims.

Snapshots that were made by other means are listed too, grouped as well as their names allow. The command cannot tell whether these restore points are complete (2/?), so restore takes them only by name.`,
  examples: [
    '# List the restore points of a deployment\nkubectl stash list deploy/foo',
    '# List all namespaces, with class, driver and deletion policy\nkubectl stash list -A -o wide',
    '# Restore from one of them\nkubectl stash restore deploy/foo --from deploy-foo-1732427120',
  ],
  flags: { ...allNamespacesFlag, ...selectorFlag, output: outputFlag('table') },
  positionals: { name: 'TYPE/NAME', completes: 'target' },
  async run(args, context) {
    const { allNamespaces, selector, output } = args.flags;
    const targets = args.words.length === 0 ? undefined : parseTargets(args.words, { names: 'optional' });
    const connection = await context.cluster(args.connection);
    const { cluster } = connection;
    const namespace = allNamespaces ? undefined : connection.namespace;
    const [all, classes] = await Promise.all([
      readPoints(cluster, namespace, selector),
      output === 'wide' ? readClasses(cluster) : undefined,
    ]);
    const points = targets ? all.filter((point) => isAmong(point, targets)) : all;
    if (points.length === 0) {
      if (namespace !== undefined) await requireNamespace(cluster, namespace);
      const of =
        targets && targets.names.length > 0 ? ` of ${targets.names.map(formatTarget).join(', ')}` : '';
      const where = namespace === undefined ? 'any namespace' : `${namespace} namespace`;
      printLine(context.err, `No restore points${of} found in ${where}.`);
    }
    const view = { points, now: context.now(), allNamespaces, classes };
    const table = () => (points.length === 0 ? '' : restorePointTable(view, output === 'wide'));
    await print(context.out, output ?? 'wide', {
      table,
      value: () => restorePointList(points),
      names: () => restorePointNames(points),
    });
  },
});

function isAmong({ target }: RestorePoint, { kinds, names }: TargetArguments): boolean {
  if (names.length === 0) return kinds.some((kind) => kind === target?.kind);
  return names.some(({ kind, name }) => kind === target?.kind && name === target.name);
}

/** The selector applies to snapshots. A restore point is listed with all its snapshots if one of them matches. */
async function readPoints(
  cluster: Cluster,
  namespace: string | undefined,
  labelSelector: string | undefined,
): Promise<RestorePoint[]> {
  const [snapshots, selected, sessions] = await Promise.all([
    cluster.list(volumeSnapshots, { namespace }),
    labelSelector === undefined ? undefined : cluster.list(volumeSnapshots, { namespace, labelSelector }),
    listReadable(cluster, backupSessions, namespace),
  ]);
  const points = restorePoints(snapshots.items, sessions ?? []);
  if (!selected) return points;
  const uids = new Set(selected.items.map(({ metadata }) => metadata.uid));
  return points.filter(({ claims }) =>
    claims.some(({ snapshot }) => snapshot && uids.has(snapshot.metadata.uid)),
  );
}

function readClasses(cluster: Cluster): Promise<readonly VolumeSnapshotClass[] | undefined> {
  return listReadable(cluster, volumeSnapshotClasses, undefined);
}

/** Undefined if the user may not read them, or the cluster does not have the kind. */
async function listReadable<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  namespace: string | undefined,
): Promise<Stored<T>[] | undefined> {
  try {
    return (await cluster.list(resource, { namespace })).items;
  } catch (error) {
    if (isStashError(error, 'forbidden', 'not-found', 'precondition')) return undefined;
    throw error;
  }
}

/** Throws 'not-found' if the namespace does not exist. If the user may not read it, it is assumed to exist. */
async function requireNamespace(cluster: Cluster, namespace: string): Promise<void> {
  try {
    await cluster.get(namespaces, namespace);
  } catch (error) {
    if (!isStashError(error, 'forbidden')) throw error;
  }
}

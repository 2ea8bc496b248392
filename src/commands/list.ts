import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { volumeSnapshotClasses } from '#src/api/resources.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import { paintFor } from '#src/cli/colour.ts';
import type { Context } from '#src/cli/context.ts';
import { allNamespacesFlag, noHeadersFlag, selectorFlag, timeZone, utcFlag } from '#src/cli/flags.ts';
import { outputFlag, print } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { parsePath } from '#src/domain/json-path/parse.ts';
import { sortBy } from '#src/domain/json-path/sort.ts';
import { parseSince } from '#src/domain/restore-points/moment.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { isSelected, type PointSelection } from '#src/domain/restore-points/select-points.ts';
import { targetKinds } from '#src/domain/workload/kinds.ts';
import { parseLabelQuery } from '#src/domain/workload/label-query.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { withinLimit } from '#src/follow/limit.ts';
import { watchPoints } from '#src/follow/watch-points.ts';
import { calendarWeeks, renderCalendar } from '#src/report/calendar.ts';
import {
  restorePointItem,
  restorePointList,
  restorePointNames,
  restorePointTable,
  sortWords,
} from '#src/report/restore-points.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { listReadable, readPoints } from '#src/session/plan/read-points.ts';
import { readWorkloadLabels } from '#src/session/plan/read-workload-labels.ts';

import { tellNoneFound } from './none-found.ts';

const flags = {
  ...allNamespacesFlag,
  selector: {
    ...selectorFlag.selector,
    description:
      'Labels of the workload, as "snapshot -l" takes them: app=web,tier!=cache. If the workload no longer exists, the labels that its claims had when the snapshot was taken count. Labels of the snapshots count, too.',
  },
  since: {
    type: 'string',
    valueName: 'TIME',
    description:
      'Only restore points that were taken later: 3h or 2d (ago), yesterday, 2026-11-28, 2026-11-28T03:00 (local time).',
  },
  limit: { type: 'number', minimum: 1, valueName: 'N', description: 'Only the first N of the list.' },
  sortBy: {
    type: 'string',
    valueName: 'PATH',
    description:
      'Sort by a field of -o json in ascending order, as kubectl does: .phase, .claims[0].name; or by claims, name, namespace, session, size, time, workload. By default the newest is first.',
  },
  ...noHeadersFlag,
  calendar: {
    type: 'boolean',
    description: `Show how many complete restore points each day of the last ${calendarWeeks} weeks has, and which days have none.`,
  },
  ...utcFlag,
  watch: {
    type: 'boolean',
    alias: 'w',
    description:
      'After the list, print each restore point that changes, until Ctrl-C. --limit and --sort-by apply to the list only.',
  },
  timeout: { type: 'duration', valueName: 'DURATION', description: 'With -w, how long to watch.' },
  output: outputFlag('table'),
} as const;

type ListArgs = Args<typeof flags>;

export const command = defineCommand({
  name: 'list',
  usage: 'list [TYPE/NAME] [flags]',
  description: `List restore points, newest first: the target, the time, how many of its claims have a ready snapshot (CLAIMS), the size to restore, and the result. A restore point outlives its session, its workload and its claims. -o name prints the names of its snapshots.

MADE BY is the schedule, or the user who asked for it. KEPT says whether the schedule's retention policy may delete it (by policy), or only a user (until deleted, pinned), and until when.

Snapshots that were made by other means are listed too, grouped as well as their names allow. The command cannot tell whether these restore points are complete (2/?), so restore takes them only by name.`,
  examples: [
    '# List the restore points of a deployment\nkubectl stash list deploy/foo',
    '# List all namespaces, with class, driver and deletion policy\nkubectl stash list -A -o wide',
    '# List the largest restore points since yesterday last\nkubectl stash list --since yesterday --sort-by size',
    '# See the days of the last weeks without a complete restore point\nkubectl stash list deploy/foo --calendar',
    '# Print names and sizes in bytes\nkubectl stash list -o custom-columns=NAME:.metadata.name,BYTES:.sizeBytes',
    '# Restore from one of them\nkubectl stash restore deploy/foo --from deploy-foo-1732427120',
  ],
  flags,
  positionals: { name: 'TYPE/NAME', completes: 'target' },
  async run(args, context) {
    const { allNamespaces, noHeaders, watch, timeout } = args.flags;
    const selection = selectionOf(args, context.now());
    const sort = sortOf(args.flags.sortBy);
    const output = args.flags.output ?? 'table';
    if (timeout !== undefined && !watch)
      throw new StashError('usage', '--timeout requires -w', { hint: 'leave out --timeout' });
    if (args.flags.calendar) checkCalendar(args);
    const connection = await context.cluster(args.connection);
    const { cluster } = connection;
    const namespace = allNamespaces ? undefined : connection.namespace;
    const classes = output === 'wide' ? await readClasses(cluster) : undefined;
    const select = selectorOf(cluster, namespace, selection, context);

    const table = restorePointTable({
      ...{ wide: output === 'wide', allNamespaces, noHeaders },
      paint: paintFor(context.outIsTTY, context),
    });
    const zone = timeZone(args.flags, context);
    const tableOf = (points: readonly RestorePoint[]) =>
      points.length === 0 ? '' : table({ points, now: context.now(), zone, classes });
    if (args.flags.calendar) {
      const brief = args.flags.selector === undefined;
      const points = await select(await readPoints(cluster, namespace, { brief }));
      if (points.length === 0) await explainNone(args, { cluster, namespace }, context);
      await print(context.out, 'wide', {
        table: () => (points.length === 0 ? '' : renderCalendar({ points, now: context.now(), zone })),
      });
      return;
    }
    const first = (points: readonly RestorePoint[]) => sort(points).slice(0, args.flags.limit);
    if (!watch) {
      // A table shows little of a restore point; other formats and a selector take the records of the claims, too.
      const brief =
        ['table', 'wide', 'name'].includes(output) && !args.flags.selector && args.flags.sortBy === undefined;
      const points = first(await select(await readPoints(cluster, namespace, { brief })));
      if (points.length === 0) await explainNone(args, { cluster, namespace }, context);
      await print(
        context.out,
        output === 'table' ? 'wide' : output,
        {
          table: () => tableOf(points),
          value: () => restorePointList(points),
          names: () => restorePointNames(points),
        },
        { noHeaders },
      );
      return;
    }
    if (namespace !== undefined) await readerOf(cluster, namespace).namespaceExists();
    const unread = new AbortController();
    context.out.once('error', () => {
      unread.abort();
    });
    await withinLimit({ clock: context, signal: context.signal }, { timeoutMs: timeout }, async (limit) => {
      const signal = AbortSignal.any([limit?.signal ?? context.signal, unread.signal]);
      const tellLost = (why: string) => {
        printLine(context.err, `warning: this list is not up to date; trying again: ${why}`);
      };
      let isFirst = true;
      for await (const changed of watchPoints({ cluster, clock: context, signal, tellLost }, namespace)) {
        const selected = await select(changed);
        for (const part of partsOf(isFirst ? first(selected) : selected, output)) {
          await print(
            context.out,
            output === 'table' ? 'wide' : output,
            {
              table: () => tableOf(part),
              value: () =>
                output.startsWith('custom-columns=') ? restorePointList(part) : part.map(restorePointItem)[0],
              names: () => restorePointNames(part),
            },
            { noHeaders: noHeaders || !isFirst, further: !isFirst },
          );
          isFirst = false;
        }
        isFirst = false;
      }
      if (context.signal.aborted) throw new StashError('interrupted', 'interrupted');
    });
  },
});

/** What is printed at once: a table grows by rows, all else is one object after the other. */
function partsOf(points: readonly RestorePoint[], output: string): (readonly RestorePoint[])[] {
  if (points.length === 0) return [];
  return ['table', 'wide'].includes(output) || output.startsWith('custom-columns=')
    ? [points]
    : points.map((point) => [point]);
}

/** Throws 'usage' for a calendar of more than one workload, and for flags of the list. */
function checkCalendar({ words, flags: { output, watch, limit, sortBy, noHeaders, since } }: ListArgs): void {
  if (words.length === 0 || parseTargets(words, { names: 'optional' }).names.length !== 1) {
    throw new StashError('usage', '--calendar takes one TYPE/NAME', {
      hint: 'kubectl stash list TYPE/NAME --calendar',
    });
  }
  const others = {
    ...{ '--output': output, '--watch': watch, '--limit': limit, '--sort-by': sortBy },
    ...{ '--no-headers': noHeaders, '--since': since },
  };
  const [given] = Object.entries(others).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (given !== undefined) {
    throw new StashError('usage', `--calendar and ${given} do not go together`, {
      hint: 'leave out one of them',
    });
  }
}

/** Checks the command line before the command connects. Throws 'usage'. */
function selectionOf({ words, flags: { since, selector } }: ListArgs, now: Date): PointSelection {
  const from = since === undefined ? undefined : parseSince(since, now);
  if (since !== undefined && from === undefined) {
    throw new StashError('usage', `--since takes a time, not "${since}"`, {
      hint: 'write it as in --since 3h, --since 2d, --since yesterday, --since 2026-11-28',
    });
  }
  return {
    targets: words.length === 0 ? undefined : parseTargets(words, { names: 'optional' }),
    since: from,
    query: selector === undefined ? undefined : parseLabelQuery(selector),
  };
}

function sortOf(written: string | undefined): (points: readonly RestorePoint[]) => readonly RestorePoint[] {
  if (written === undefined) return (points) => points;
  const path = parsePath(sortWords[written] ?? written);
  return (points) => sortBy(points, path, written, restorePointItem);
}

type Select = (points: readonly RestorePoint[]) => Promise<readonly RestorePoint[]>;

/** Reads the labels of the workloads if a selector needs them. */
function selectorOf(
  cluster: Cluster,
  namespace: string | undefined,
  selection: PointSelection,
  { err }: Context,
): Select {
  const told = new Set<string>();
  return async (points) => {
    const kinds = targetKinds.filter((kind) => points.some(({ target }) => target?.kind === kind));
    const { labels, unread } = await readWorkloadLabels(
      cluster,
      namespace,
      selection.query === undefined ? [] : kinds,
    );
    for (const plural of unread.filter((each) => !told.has(each))) {
      told.add(plural);
      printLine(err, `warning: cannot list ${plural}: -l goes by the labels that their claims had`);
    }
    return points.filter((point) => isSelected(point, selection, labels));
  };
}

/** Throws 'not-found' if the namespace does not exist. */
async function explainNone(
  { words }: ListArgs,
  { cluster, namespace }: { readonly cluster: Cluster; readonly namespace: string | undefined },
  { err }: Context,
): Promise<void> {
  const names = words.length === 0 ? [] : parseTargets(words, { names: 'optional' }).names;
  const of = names.length > 0 ? ` of ${names.map(formatTarget).join(', ')}` : '';
  await tellNoneFound(`restore points${of}`, { cluster, namespace, err });
}

function readClasses(cluster: Cluster): Promise<readonly VolumeSnapshotClass[] | undefined> {
  return listReadable(cluster, volumeSnapshotClasses, undefined);
}

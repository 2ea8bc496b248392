import { atSameServer } from '#src/cli/at-same-server.ts';
import { defineCommand } from '#src/cli/command.ts';
import { paintFor } from '#src/cli/colour.ts';
import { allNamespacesFlag, noHeadersFlag, selectorFlag, timeZone, utcFlag } from '#src/cli/flags.ts';
import { outputFlag, print } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import { commandLine } from '#src/domain/command-line.ts';
import {
  coverage,
  coverageStates,
  totalsOf,
  type ClaimCoverage,
  type CoverageState,
} from '#src/domain/coverage/coverage.ts';
import { parsePath } from '#src/domain/json-path/parse.ts';
import { sortBy } from '#src/domain/json-path/sort.ts';
import { parseLabelQuery } from '#src/domain/workload/label-query.ts';
import { formatTarget, isTargetKind } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import {
  coverageItem,
  coverageLine,
  coverageList,
  coverageNames,
  coverageSortWords,
  coverageTable,
  lackLine,
} from '#src/report/coverage.ts';
import { readCoverage } from '#src/session/plan/read-coverage.ts';

import { tellNoneFound } from './none-found.ts';

const failStates = coverageStates.filter((state) => state !== 'covered');

export const command = defineCommand({
  name: 'coverage',
  usage: 'coverage [flags]',
  description: `List every claim that is bound to a volume, and what protects its data: the workload that uses it, the BackupConfiguration and when it is due next, and the age of its newest complete restore point. The last line counts the claims by state.

A claim is uncovered if no complete restore point contains it. It is stale if a schedule for it was due twice since its newest complete restore point; without a schedule that runs, if that restore point is older than --stale-after. It is unknown if only another tool made snapshots of it, or if you may not read what would tell.

DELETION POLICY is that of the snapshot class: with Delete, the data is lost with the VolumeSnapshot or its namespace. DIES WITH VOLUME is "no" if the driver is known to keep the snapshots of a volume that is deleted.

Claims with the label or annotation stash.appscode.com/coverage=ignore are left out, and counted.`,
  examples: [
    '# What nothing protects, in all namespaces\nkubectl stash coverage -A',
    '# Fail in a pipeline if a claim is uncovered or stale\nkubectl stash coverage -A --fail-on=uncovered,stale',
    '# Print the claims that have no restore point\nkubectl stash coverage \\\n  -o jsonpath=\'{.items[?(@.state=="uncovered")].metadata.name}\'',
    '# Leave out a claim whose data nobody needs\nkubectl label pvc/cache stash.appscode.com/coverage=ignore',
  ],
  flags: {
    ...allNamespacesFlag,
    selector: {
      ...selectorFlag.selector,
      description: 'Labels of the claim or of a workload that uses it: app=web,tier!=cache.',
    },
    failOn: {
      type: 'string[]',
      commas: true,
      valueName: 'STATE',
      description: `Exit with 1 if a claim is in one of these states: ${failStates.join(', ')}.`,
    },
    staleAfter: {
      type: 'duration',
      default: '48h',
      valueName: 'DURATION',
      description: 'How old the newest complete restore point of a claim without a schedule may be.',
    },
    sortBy: {
      type: 'string',
      valueName: 'PATH',
      description:
        'Sort by a field of -o json in ascending order, as kubectl does: .driver, .lastGood.takenAt; or by age, name, namespace, size, state, workload. By default uncovered claims are first, then stale ones.',
    },
    ...noHeadersFlag,
    ...utcFlag,
    output: outputFlag('table'),
  },
  async run(args, context) {
    const { allNamespaces, selector, staleAfter, noHeaders, output = 'table' } = args.flags;
    const failing = statesOf(args.flags.failOn);
    const query = selector === undefined ? undefined : parseLabelQuery(selector);
    const sort = sortOf(args.flags.sortBy);
    const connection = await context.cluster(args.connection);
    const { cluster } = connection;
    const namespace = allNamespaces ? undefined : connection.namespace;
    const { ignored, lacks, ...read } = await readCoverage(cluster, namespace, query);
    const now = context.now();
    const claims = sort(coverage({ ...read, now, staleAfterMs: staleAfter }));
    const totals = totalsOf(claims, ignored);
    const zone = timeZone(args.flags, context);
    const paint = paintFor(context.outIsTTY, context);
    const options = { now, zone, allNamespaces, noHeaders, wide: output === 'wide', paint } as const;
    await print(
      context.out,
      output === 'table' ? 'wide' : output,
      {
        table: () => (claims.length === 0 ? '' : coverageTable(claims, options)),
        value: () => coverageList(claims, { totals, lacks }),
        names: () => coverageNames(claims),
      },
      { noHeaders },
    );
    for (const right of lacks) printLine(context.err, lackLine(right));
    if (claims.length === 0) {
      const place = { cluster, namespace, err: context.err };
      await tellNoneFound('claims that hold data', place, `; ${ignored} ignored`);
    } else if (['table', 'wide'].includes(output)) {
      printLine(context.err, coverageLine(totals));
      const [hint] = claims.flatMap(snapshotOf);
      if (hint !== undefined)
        printLine(context.err, `to take a first snapshot: ${atSameServer(hint, args.connection)}`);
    }
    return claims.some(({ state }) => failing.has(state)) ? 1 : undefined;
  },
});

/** Throws 'usage'. */
function statesOf(words: readonly string[]): ReadonlySet<CoverageState> {
  const states = words.map((word) => {
    const state = failStates.find((each) => each === word);
    if (state !== undefined) return state;
    throw new StashError('usage', `--fail-on takes ${failStates.join(', ')}, not "${word}"`, {
      hint: 'write it as in --fail-on=uncovered,stale',
    });
  });
  return new Set(states);
}

function sortOf(written: string | undefined): (claims: readonly ClaimCoverage[]) => readonly ClaimCoverage[] {
  if (written === undefined) return (claims) => claims;
  const path = parsePath(coverageSortWords[written] ?? written);
  return (claims) => sortBy(claims, path, written, coverageItem);
}

/** The command for an uncovered claim: of its workload, if `snapshot` takes one of that kind. */
function snapshotOf({ state, claim, users = [] }: ClaimCoverage): string[] {
  if (state !== 'uncovered') return [];
  const { name, namespace } = claim;
  const workload = users.find(({ kind, leftBehind }) => isTargetKind(kind) && !leftBehind);
  const target = formatTarget(workload ?? { kind: 'PersistentVolumeClaim', name });
  return [commandLine`kubectl stash snapshot ${target} -n ${namespace}`];
}

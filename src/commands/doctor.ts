import {
  backupConfigurations,
  backupSessions,
  events,
  jobs,
  namespaces,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { atSameServer } from '#src/cli/at-same-server.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import type { Connection, ConnectionFlags, Context } from '#src/cli/context.ts';
import { allNamespacesFlag } from '#src/cli/flags.ts';
import { outputFlag, print } from '#src/cli/output.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { listOnce } from '#src/cluster/list-once.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { valueOf } from '#src/domain/checks/check.ts';
import { examineCluster, examineNamespace, listsOf, type Diagnosis } from '#src/domain/checks/examine.ts';
import { checks } from '#src/domain/checks/index.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { findingList, findingPage, findingTable } from '#src/report/findings.ts';
import { once, readerOf } from '#src/session/plan/namespace-reader.ts';
import { listOrLacking } from '#src/session/plan/or-lacking.ts';
import { readCluster } from '#src/session/plan/read-cluster.ts';
import { readClusterFacts, readFacts } from '#src/session/plan/read-facts.ts';
import { readNewestSnapshots } from '#src/session/plan/read-newest-snapshots.ts';

import { checkProbeFlags, probe, probeFlags } from './doctor/probe.ts';

const flags = { ...allNamespacesFlag, ...probeFlags, output: outputFlag('value') } as const;

export const command = defineCommand({
  name: 'doctor',
  usage: 'doctor [TYPE/NAME] [flags]',
  description: `Examine what snapshots and restores need: the snapshot API, its controller and the drivers, Stash's kinds, the operator, your rights, quotas, configurations and their schedules, targets with their claims, volumes and classes, and restore points. Without TYPE/NAME, doctor examines every BackupConfiguration of the namespace and its target; with TYPE/NAME, only this target; with -A, every namespace that has a BackupConfiguration.

Each finding is ok, warn, fail, or unknown. It is unknown if you may not read the facts that the check needs; it then names the missing right. Causes come first: a check does not run if what it would find is a consequence of an earlier failure. Below a finding is a command that fixes the problem, or a hint. Without --probe, doctor stores nothing (it lets the API server answer dry runs). It exits with 1 if a check fails. With -A, findings that are ok are only counted.

With --probe, doctor takes a small claim through write, snapshot, restore and compare in the namespace, and each step is a finding: how long it took, or why it failed and what the driver reports. It runs two Jobs under the pod security standard "restricted", without a token. Nothing is left at the end, after Ctrl-C, or, some minutes later, after the command was killed: one Job owns all of it, and Kubernetes deletes that Job when its time is over. It exits with 1 if a step fails, and with 5 if --timeout passes.

-o json and -o yaml print a FindingList. Each item has check, level and message, and may have namespace, object (what the finding is about), fix (a command after which the check passes), hint (what to do or to look at) and right (the missing right).`,
  examples: [
    '# Examine the namespace\nkubectl stash doctor',
    '# Examine a workload, with or without a configuration\nkubectl stash doctor deploy/foo',
    '# Examine all namespaces, and print what is not ok\nkubectl stash doctor -A',
    '# Take a snapshot of a small claim and restore it\nkubectl stash doctor --probe -n default --image busybox',
    '# Print the failures\nkubectl stash doctor -o json | jq \'.items[] | select(.level == "fail")\'',
  ],
  flags,
  positionals: { name: 'TYPE/NAME', maximum: 2, completes: 'target' },
  async run(args, context) {
    const named = targetOf(args);
    checkProbeFlags(args.flags, args.words);
    const connection = await context.cluster(args.connection);
    const { allNamespaces } = args.flags;
    if (args.flags.probe) {
      const { found, late } = await probe(args.flags, context, connection);
      return printFindings({ namespaces: 1, diagnoses: found, ok: 0 }, args, context, late);
    }
    const { output = 'wide' } = args.flags;
    const examined = allNamespaces
      ? await examineAll(connection, context, { showsOk: output !== 'wide' })
      : await examineOne(connection, named, context);
    return printFindings(examined, args, context);
  },
});

/** Resolves with the exit code. Rejects with `error`, if it is given, after the findings are printed. */
async function printFindings(
  { namespaces: count, diagnoses, ok }: Examined,
  { flags: { allNamespaces, output }, connection }: Pick<Args<typeof flags>, 'flags' | 'connection'>,
  { out }: Pick<Context, 'out'>,
  error?: StashError,
): Promise<number | undefined> {
  const found = diagnoses.map((each) => pasted(each, connection));
  await print(out, output ?? 'wide', {
    table: () => (allNamespaces ? findingPage(found, { namespaces: count, ok }) : findingTable(found)),
    value: () => findingList(found),
  });
  if (error !== undefined) throw error;
  return found.some(({ level }) => level === 'fail') ? 1 : undefined;
}

interface Examined {
  /** How many were examined. */
  readonly namespaces: number;
  readonly diagnoses: readonly Diagnosis[];
  /** How many findings that are ok are left out. */
  readonly ok: number;
}

const lists = listsOf(checks.filter(({ of }) => of !== 'cluster'));

async function examineOne(
  { cluster, namespace, user }: Connection,
  named: ReturnType<typeof targetOf>,
  clock: Context,
): Promise<Examined> {
  const target = named && { ...named, namespace };
  const { facts, subjects } = await readFacts(readerOf(cluster, namespace), {
    ...{ target, lists, user, clock },
    whole: () => readCluster(cluster),
  });
  const whole = examineCluster(checks, facts);
  return {
    namespaces: 1,
    ok: 0,
    diagnoses: [...whole.diagnoses, ...examineNamespace(checks, facts, subjects, whole)],
  };
}

const namespacesAtOnce = 4;

/**
 * Examines every namespace that has a configuration. Lists each kind once for all of them. `showsOk`: whether findings that are
 * ok are printed; there may be many.
 */
async function examineAll(
  { cluster: asked, user }: Connection,
  clock: Context,
  { showsOk }: { readonly showsOk: boolean },
): Promise<Examined> {
  const newest = once(async () => {
    const sessions = valueOf(await listOrLacking(cluster, backupSessions));
    return readNewestSnapshots(asked, sessions ?? []);
  });
  const cluster: Cluster = listOnce(asked, {
    withManagers: [backupConfigurations],
    readers: new Map([[volumeSnapshots, newest]]),
    alike: [events, jobs],
  });
  const uids = async () => (await newest()).uids;
  const ofCluster = listsOf(checks.filter(({ of }) => of === 'cluster'));
  const whole = once(() => readCluster(cluster));
  const facts = await readClusterFacts(cluster, { lists: ofCluster, whole, clock, uids });
  const outcome = examineCluster(checks, facts);
  const names = outcome.failed.has('stash-api') ? [] : await configuredNamespaces(cluster);
  const isWhole = await newest().then(
    (read) => read.isWhole,
    () => undefined,
  );
  const found = new Map<string, readonly Diagnosis[]>();
  let ok = 0;
  await forEachBounded(names, namespacesAtOnce, async (namespace) => {
    const { facts, subjects } = await readFacts(readerOf(cluster, namespace), {
      ...{ target: undefined, lists, whole, user, clock, ...(isWhole && { isWhole }) },
    });
    const all = examineNamespace(checks, facts, subjects, outcome);
    const shown = showsOk ? all : all.filter(({ level }) => level !== 'ok');
    found.set(namespace, shown);
    ok += all.length - shown.length;
  });
  return {
    namespaces: found.size,
    ok,
    diagnoses: [...outcome.diagnoses, ...names.flatMap((name) => found.get(name) ?? [])],
  };
}

async function configuredNamespaces(cluster: Cluster): Promise<readonly string[]> {
  const { items } = await cluster.list(namespaces);
  const configured: string[] = [];
  await forEachBounded(items, namespacesAtOnce, async ({ metadata: { name: namespace } }) => {
    const { items: configurations } = await cluster.list(backupConfigurations, { namespace });
    if (configurations.some(({ spec }) => spec.driver === 'VolumeSnapshotter')) configured.push(namespace);
  });
  return configured.sort();
}

/** Throws 'usage' for more than one target, and for one of all namespaces. */
function targetOf({
  words,
  flags: { allNamespaces },
}: Args<typeof flags>): Pick<Target, 'kind' | 'name'> | undefined {
  if (words.length === 0) return undefined;
  const [target, second] = parseTargets(words).names;
  if (second !== undefined) {
    throw new StashError('usage', 'doctor takes one TYPE/NAME at a time', {
      hint: 'kubectl stash doctor TYPE/NAME',
    });
  }
  if (allNamespaces) {
    throw new StashError('usage', '-A examines all namespaces, and TYPE/NAME one target', {
      hint: 'leave out one of them',
    });
  }
  return target;
}

function pasted(diagnosis: Diagnosis, connection: ConnectionFlags): Diagnosis {
  const { fix, hint } = diagnosis;
  return {
    ...diagnosis,
    fix: fix && atSameServer(fix, connection),
    hint: hint && atSameServer(hint, connection),
  };
}

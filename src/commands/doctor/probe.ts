/** `doctor --probe` */
import type { Job, Stored } from '#src/api/kubernetes.ts';
import type { Args, Flags } from '#src/cli/command.ts';
import type { Connection, Context } from '#src/cli/context.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { longName } from '#src/cli/tokens.ts';
import { ownImage } from '#src/cli/version.ts';
import type { Diagnosis } from '#src/domain/checks/examine.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { defaultSize } from '#src/domain/probe/check-probe.ts';
import { findingOf, type ProbeStep } from '#src/domain/probe/probe-step.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { withinLimit, within, type Limit } from '#src/follow/limit.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { planProbe } from '#src/session/probe/plan-probe.ts';
import { removeLeftOvers, removeProbe, untilRemoved } from '#src/session/probe/remove-probe.ts';
import { runProbe } from '#src/session/probe/run-probe.ts';

const defaultLimit = '5m';

export const probeFlags = {
  probe: {
    type: 'boolean',
    description:
      'Examine nothing, but try it: create a small claim, write to it, take a snapshot, restore it to a second claim, and compare the data. All of it is deleted at the end.',
  },
  storageClass: {
    type: 'string',
    valueName: 'CLASS',
    completes: 'storage-class',
    description: 'With --probe, the class of the claims; by default the default class.',
  },
  snapshotClass: {
    type: 'string',
    valueName: 'CLASS',
    completes: 'snapshot-class',
    description: "With --probe, the class of the snapshot; by default that of the claims' driver.",
  },
  size: {
    type: 'string',
    valueName: 'SIZE',
    description: `With --probe, the size of each of the two claims; by default ${defaultSize}.`,
  },
  image: {
    type: 'string',
    valueName: 'IMAGE',
    description: `With --probe, the image that writes and reads: this program's, under the name kubectl-stash, or one with a shell, dd and sha256sum, such as busybox. By default ${ownImage}.`,
  },
  timeout: {
    type: 'duration',
    valueName: 'DURATION',
    description: `With --probe, how long it may take; by default ${defaultLimit}.`,
  },
} as const satisfies Flags;

type ProbeArgs = Args<typeof probeFlags>['flags'];

/** Throws 'usage' if flags of the probe are given without it, or a target or all namespaces with it. */
export function checkProbeFlags(
  flags: ProbeArgs & { readonly allNamespaces: boolean },
  words: readonly string[],
): void {
  const { probe } = flags;
  const names = Object.keys(probeFlags) as (keyof ProbeArgs)[];
  const given = names.find((name) => name !== 'probe' && flags[name] !== undefined);
  if (!probe && given !== undefined) {
    throw new StashError('usage', `--${longName(given)} requires --probe`, {
      hint: 'kubectl stash doctor --probe',
    });
  }
  if (probe && words.length > 0)
    throw new StashError('usage', '--probe takes no TYPE/NAME: it makes a claim of its own', {
      hint: 'kubectl stash doctor --probe',
    });
  if (probe && flags.allNamespaces)
    throw new StashError('usage', '--probe runs in one namespace, and -A examines all', {
      hint: 'name the namespace with -n',
    });
}

export interface Probed {
  readonly found: readonly Diagnosis[];
  /** To be thrown after `found` is printed. */
  readonly late: StashError | undefined;
}

/** Leaves nothing: it deletes what it has made, also when it is interrupted or the limit passes. */
export async function probe(
  flags: ProbeArgs,
  context: Context,
  { cluster, namespace, user }: Connection,
): Promise<Probed> {
  const { timeout: timeoutMs = 5 * 60_000, size = defaultSize, image = ownImage } = flags;
  const asked = {
    ...{ name: `stash-probe-${crypto.randomUUID().slice(0, 8)}`, namespace, size, image },
    ...{ storageClass: flags.storageClass, snapshotClass: flags.snapshotClass },
    limitSeconds: Math.max(1, Math.ceil(timeoutMs / 1000)),
  };
  const wishes = await planProbe(readerOf(cluster, namespace), asked, user);
  const tell = tellOn(context);
  const left = await removeLeftOvers(cluster, namespace, context.now());
  for (const name of left) tell(`deleted job/${name} of an earlier probe, with all that it had made`);

  const steps = new Map<string, ProbeStep>();
  let owner: Stored<Job> | undefined;
  const environment = { cluster, clock: context, signal: context.signal, tell };
  const onStep = (step: ProbeStep) => {
    steps.set(step.name, step);
    if (step.state === 'running') tell(`${step.name}: ${step.about}: ${step.waits}`);
  };
  const at = () => ({ namespace, now: context.now() });
  let found: Diagnosis[] = [];
  const late = await withinLimit(environment, { timeoutMs }, async (limit) => {
    const until = limit?.at ?? context.now();
    const inTime = { ...within(environment, limit), until, onStep };
    try {
      await runProbe({ ...inTime, owned: (job) => (owner = job) }, wishes);
      return undefined;
    } catch (error) {
      return lateError(error, limit, timeoutMs);
    } finally {
      found = [...steps.values()].map((step) => findingOf(step, at()));
      if (owner !== undefined) await removeProbe(cluster, owner).catch(tellLeft(context, wishes));
    }
  });
  const removed = owner && (await cleanUp(environment, wishes));
  return { found: removed ? [...found, findingOf(removed, at())] : found, late };
}

async function cleanUp(
  environment: Parameters<typeof untilRemoved>[0],
  at: { readonly name: string; readonly namespace: string },
): Promise<ProbeStep> {
  const startedAt = environment.clock.now().getTime();
  environment.tell('clean-up: waiting until Kubernetes has deleted all of it');
  const left = await untilRemoved(environment, at);
  const milliseconds = environment.clock.now().getTime() - startedAt;
  const step = { name: 'clean-up', about: `job/${at.name}`, milliseconds } as const;
  return left.length === 0
    ? { ...step, state: 'done', value: '' }
    : { ...step, state: 'failed', why: `not deleted yet: ${left.join(', ')}` };
}

/** The error to throw at the end; rethrows what is not the limit. */
function lateError(error: unknown, limit: Limit | undefined, timeoutMs: number): StashError {
  const isLate = limit?.hasPassed() === true && isStashError(error, 'interrupted', 'timed-out');
  if (!isLate) throw error;
  return new StashError('timed-out', `the probe was not done after ${formatDuration(timeoutMs)}`, {
    hint: 'a driver may need longer: --timeout 15m',
  });
}

function tellLeft(
  { err }: Context,
  { name, namespace }: { readonly name: string; readonly namespace: string },
) {
  return (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    printLine(err, `warning: job/${name} is not deleted: ${why}`);
    printLine(err, `to delete all of it now: ${commandLine`kubectl delete job ${name} -n ${namespace}`}`);
  };
}

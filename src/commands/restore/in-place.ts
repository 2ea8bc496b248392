/** `kubectl stash restore TYPE/NAME --in-place` */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Flags } from '#src/cli/command.ts';
import { confirmName } from '#src/cli/confirm.ts';
import type { Connection, Context } from '#src/cli/context.ts';
import { openDisplay, type ProgressMode } from '#src/cli/display.ts';
import { printEnds } from '#src/cli/ends.ts';
import { printOutcome, wouldBe, type ObjectFormat } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import { parseTarget } from '#src/domain/arguments/target-arguments.ts';
import { formatGoDuration } from '#src/domain/duration.ts';
import type { StopWish } from '#src/domain/in-place/choose-stop.ts';
import type { InPlacePlan } from '#src/domain/in-place/plan.ts';
import { commandLineId } from '#src/domain/session/holder.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';
import { beginSwap, takeSwap } from '#src/follow/swap.ts';
import { inPlacePlanLines } from '#src/report/in-place-plan.ts';
import type { ExecutorMode } from '#src/session/holding/executor.ts';
import { untilNextSecond } from '#src/session/persist.ts';
import { clientDryRun, dryRunRestore, serverDryRun } from '#src/session/plan/dry-run.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { findUnfinishedInPlace, planInPlace, type InPlaceRequest } from '#src/session/plan/plan-in-place.ts';

/** How a workload is stopped, for the commands that swap its volumes. */
export const stopFlags = {
  stop: {
    type: 'string',
    choices: ['auto', 'scale', 'gate'],
    default: 'auto',
    description:
      'How to stop the pods. scale: set spec.replicas to 0. gate: leave spec.replicas alone, delete the claims so that no pod can start on them, and then delete the pods. auto: scale if only kubectl and Helm set spec.replicas, else gate.',
  },
  stopTimeout: {
    type: 'duration',
    default: '5m',
    valueName: 'DURATION',
    description: 'How long the pods may take to end. The command never force-deletes them.',
  },
  also: {
    type: 'string[]',
    commas: true,
    valueName: 'TYPE/NAME',
    description: 'Also stop this workload, whose pods use the claims.',
  },
  yes: { type: 'boolean', alias: 'y', description: 'Do not ask for confirmation.' },
} as const satisfies Flags;

export const inPlaceFlags = {
  inPlace: {
    type: 'boolean',
    description:
      'Give existing claims new volumes with the restored data, and keep their present volumes. Stops the pods for a moment.',
  },
  ...stopFlags,
  method: {
    type: 'string',
    choices: ['auto', 'swap', 'recreate'],
    default: 'auto',
    description:
      'How the claims get their data. swap: give them volumes that are made before the pods stop, and keep the present volumes; you must be allowed to patch PersistentVolumes. recreate: take a snapshot of the present data, delete the claims and their volumes, and create the claims from the snapshots; only with drivers that keep the snapshots of a volume that is deleted. auto: swap if you may, else recreate, if you confirm that.',
  },
  before: {
    type: 'string',
    choices: ['none', 'snapshot'],
    default: 'none',
    description:
      'With --in-place: snapshot takes a snapshot of the present data first. With --stop=scale, it is taken once the pods have stopped; with --stop=gate, while they run. recreate always takes one.',
  },
  pause: {
    type: 'boolean',
    description:
      'With --in-place: stop before the workload is started again, so that you can look at the data first. The same command starts it.',
  },
  yesOperator: {
    type: 'boolean',
    description:
      'With --in-place: also restore claims that an operator manages, such as those of a database.',
  },
} as const satisfies Flags;

export interface InPlaceOptions {
  readonly target: Pick<Target, 'kind' | 'name'>;
  readonly from: string;
  readonly only: readonly string[];
  readonly stop: StopWish;
  readonly method: InPlaceRequest['method'];
  readonly before: InPlaceRequest['before'];
  readonly also: readonly string[];
  readonly yesOperator: boolean;
  readonly pause: boolean;
  readonly executor: ExecutorMode;
  /** Milliseconds; undefined: ten minutes. */
  readonly timeout: number | undefined;
  readonly stopTimeout: number;
  readonly yes: boolean;
  readonly dryRun: 'client' | 'server' | undefined;
  readonly output: ObjectFormat | undefined;
  readonly progress: ProgressMode;
}

type Beginning =
  | { readonly do: 'go-on'; readonly session: Stored<RestoreSession> }
  | { readonly do: 'begin'; readonly plan: InPlacePlan };

export async function restoreInPlace(
  options: InPlaceOptions,
  context: Context,
  connection: Connection,
): Promise<void> {
  const { cluster, namespace, user } = connection;
  const { timeout, stopTimeout, yes, dryRun, output, progress } = options;
  const also = options.also.map(parseTarget);
  const target = { ...options.target, namespace };
  const plan = async (): Promise<Beginning> => {
    const now = context.now();
    const confirms = options.method !== 'auto' || (context.isTTY && !yes);
    const request = { ...options, target, also, now, user, confirms };
    const reader = readerOf(cluster, namespace);
    const session = await findUnfinishedInPlace(reader, request);
    return session ? { do: 'go-on', session } : { do: 'begin', plan: await planInPlace(reader, request) };
  };
  const first = await plan();
  const lines =
    first.do === 'begin'
      ? inPlacePlanLines(first.plan, context.now())
      : [`restoresession/${first.session.metadata.name} is unfinished: the command goes on with it`];
  for (const line of lines) printLine(context.err, line);
  if (dryRun !== undefined) {
    const objects = dryRun === 'server' ? serverDryRun(cluster) : clientDryRun(context.now());
    if (first.do === 'begin') await dryRunRestore(objects, first.plan.session, stagedTemplates(first.plan));
    if (objects.shown.length > 0)
      await printOutcome(context.out, output, objects.shown, wouldBe('created', dryRun));
    return;
  }
  if (first.do === 'begin') await confirmName(context, target.name, yes);

  const id = commandLineId();
  const display = await openDisplay(context, progress);
  const environment = {
    ...{ cluster, clock: context, signal: context.signal, tell: display.say, onChange: display.show },
  };
  const begin = async (beginning: Beginning): Promise<Stored<RestoreSession>> => {
    if (beginning.do === 'go-on') return beginning.session;
    const { session } = beginning.plan;
    const timeOut = timeout === undefined ? {} : { timeOut: formatGoDuration(timeout) };
    try {
      return await beginSwap(environment, { ...session, spec: { ...session.spec, ...timeOut } }, id);
    } catch (error) {
      if (!isStashError(error, 'already-exists')) throw error;
    }
    // The names of the staged claims contain the session's: plan anew.
    await untilNextSecond(context, context.signal);
    return await begin(await plan());
  };
  const work = begin(first).then((session) =>
    takeSwap(environment, {
      ...{ session, target, id, stopTimeoutMs: stopTimeout, say: display.say },
      goesOn: first.do === 'go-on',
    }),
  );
  await printEnds([work], { context, cluster, format: output, close: display.close });
}

/** Claims that are created again cannot be tried out beside the present ones. */
function stagedTemplates({ record, templates }: InPlacePlan): InPlacePlan['templates'] {
  return record.method === 'swap' ? templates : [];
}

import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { defineCommand } from '#src/cli/command.ts';
import { confirmName } from '#src/cli/confirm.ts';
import { checkProgress, openDisplay } from '#src/cli/display.ts';
import { printEnds } from '#src/cli/ends.ts';
import { dryRunFlag, progressFlag } from '#src/cli/flags.ts';
import { outputFlag } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import { parseNames } from '#src/domain/arguments/object-arguments.ts';
import { parseTarget } from '#src/domain/arguments/target-arguments.ts';
import type { UndoPlan } from '#src/domain/in-place/undo.ts';
import { commandLineId } from '#src/domain/session/holder.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { isStashError } from '#src/errors.ts';
import { beginSwap, takeSwap } from '#src/follow/swap.ts';
import { undoPlanLines } from '#src/report/undo-plan.ts';
import { untilNextSecond } from '#src/session/persist.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { planUndo } from '#src/session/plan/plan-undo.ts';

import { stopFlags } from './restore/in-place.ts';

const flags = {
  ...stopFlags,
  dryRun: dryRunFlag('client'),
  ...progressFlag,
  output: outputFlag('objects'),
} as const;

export const command = defineCommand({
  name: 'undo',
  usage: 'undo RESTORESESSION [flags]',
  description: `Undo a restore in place: the claims of the workload get back the volumes that they had before. RESTORESESSION is the restore that kept the volumes: "kubectl stash volumes" lists both.

The volumes that the claims have now are kept in turn, so "undo" of the same session goes forward again. The pods stop for a moment, as for the restore.

If the restore has not ended, what happens depends on how far it got. As long as it has deleted no claim, "undo" gives it up, and everything is as it was. Otherwise "undo" brings it to its end first, and then goes back.`,
  examples: [
    '# See which volumes are kept\nkubectl stash volumes deploy/foo',
    '# Go back\nkubectl stash undo restore-deploy-foo-1732428000',
  ],
  flags,
  positionals: { name: 'RESTORESESSION', minimum: 1, maximum: 1, completes: 'kept-session' },
  async run({ words, flags, connection }, context) {
    const { stop, stopTimeout, yes, dryRun, progress, output } = flags;
    const also = flags.also.map(parseTarget);
    const session = parseNames(words, 'restoresession').join();
    checkProgress(context, progress);
    const { cluster, namespace, user } = await context.cluster(connection);
    const plan = () =>
      planUndo(readerOf(cluster, namespace), { session, stop, also, now: context.now(), user });
    const first = await plan();
    for (const line of undoPlanLines(first)) printLine(context.err, line);
    if (dryRun !== undefined) return;
    if (first.do !== 'go-on') await confirmName(context, first.target.name, yes);

    const id = commandLineId();
    const display = await openDisplay(context, progress);
    const environment = {
      ...{ cluster, clock: context, signal: context.signal, tell: display.say, onChange: display.show },
    };
    const begin = async (planned: UndoPlan): Promise<{ plan: UndoPlan; session: Stored<RestoreSession> }> => {
      if (planned.do !== 'begin' && planned.do !== 'adopt')
        return { plan: planned, session: planned.session };
      try {
        return { plan: planned, session: await beginSwap(environment, planned.session, id) };
      } catch (error) {
        if (!isStashError(error, 'already-exists')) throw error;
      }
      await untilNextSecond(context, context.signal);
      return await begin(await plan());
    };
    const take = async (planned: UndoPlan): Promise<Progress> => {
      const begun = await begin(planned);
      return await takeSwap(environment, {
        ...{ session: begun.session, target: planned.target, id, stopTimeoutMs: stopTimeout },
        ...{ abandon: begun.plan.do === 'abandon', goesOn: true, say: display.say },
      });
    };
    const toEnd = async (planned: UndoPlan): Promise<Progress> => {
      const progress = await take(planned);
      const isFirst = planned.do === 'finish-first' || planned.do === 'adopt';
      return isFirst && progress.verdict?.outcome === 'succeeded' ? await toEnd(await plan()) : progress;
    };
    await printEnds([toEnd(first)], { context, cluster, format: output, close: display.close });
  },
});

/** What is done alike for both kinds of session. */
import type { ExecutorAction, ExecutorWorld } from '#src/domain/operator/decide-executor.ts';
import { jobState } from '#src/domain/job-state.ts';

import { deleteJob } from './session-job.ts';
import type { SessionRuns } from './session-runs.ts';
import type { Then } from './stepwise.ts';
import type { World } from './world.ts';

/** What stays so unless somebody does something is worth a word at once. */
export function waitFor(
  { job, jobName, pods }: ExecutorWorld,
  { until }: Extract<ExecutorAction, { do: 'wait' }>,
  tell: (message: string) => void,
): Then {
  const state = job && jobState(job, pods);
  if (state?.state === 'waiting' && state.stuck) tell(`job ${jobName}: ${state.why}`);
  return until && { at: until };
}

/** Whoever it is: a run in this process, or the Job. Its end is told by a watch. */
export async function stopExecutor(world: World, seen: ExecutorWorld, runs: SessionRuns): Promise<Then> {
  runs.stop(seen.session.metadata.uid);
  if (seen.job) await deleteJob(world, seen.job);
  return undefined;
}

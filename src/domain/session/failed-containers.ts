/** Which containers of a Job's pods have failed, and where their last words are. */
import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';

export interface FailedContainer {
  readonly pod: string;
  readonly container: string;
  /** How many runs it had before this one. */
  readonly run: number;
  /** It runs, or waits to, again: its log is that of the run before. */
  readonly previous: boolean;
  /** One line as the cluster has it: `pod p: container main exited with code 1 (Error)`. */
  readonly what: string;
}

/** In the order of the pods' ages; of the pods, those of other Jobs are passed over. */
export function failedContainers(job: Stored<Job>, pods: readonly Stored<Pod>[]): FailedContainer[] {
  return pods
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid))
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .flatMap(failedOf);
}

function failedOf({ metadata, status }: Stored<Pod>): FailedContainer[] {
  return (status?.containerStatuses ?? []).flatMap(({ name, state, lastState, restartCount }) => {
    const ended = state?.terminated ?? lastState?.terminated;
    if (ended === undefined || ended.exitCode === 0) return [];
    const previous = state?.terminated === undefined;
    const { exitCode, reason, message } = ended;
    const why = reason === undefined ? '' : ` (${reason})`;
    const detail = message === undefined || message === '' ? '' : `: ${message}`;
    return {
      pod: metadata.name,
      container: name,
      run: previous ? restartCount - 1 : restartCount,
      previous,
      what: `pod ${metadata.name}: container ${name} exited with code ${exitCode}${why}${detail}`,
    };
  });
}

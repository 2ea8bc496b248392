/** Finds the failed containers of a Job's pods, and which of their logs to read. */
import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';

export interface FailedContainer {
  readonly pod: string;
  readonly container: string;
  /** How often the container had run before the failed run. */
  readonly run: number;
  /** The kubelet has restarted the container: read the log of its previous run. */
  readonly previous: boolean;
  /** One line: `pod p: container main exited with code 1 (Error)`. */
  readonly what: string;
}

/** Returns the failed containers, oldest pod first. Ignores pods of other Jobs. */
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

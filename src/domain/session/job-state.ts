/** Describes a Job's state in words: what its pod waits for, that the pod runs, or how the Job ended. */
import { jobCondition, podCondition, startingReasons } from '#src/api/conditions.ts';
import type { Condition, Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { conditionWords } from '#src/domain/condition-words.ts';

import { sanitize } from '#src/domain/sanitize.ts';

export type JobState =
  /**
   * `why` is one line: `pod p cannot be scheduled: 0/3 nodes are available`. `stuck`: nothing changes until a user or
   * an administrator acts.
   */
  | { readonly state: 'waiting'; readonly why: string; readonly stuck: boolean }
  | { readonly state: 'running'; readonly pod: string }
  | { readonly state: 'succeeded' }
  /** The Job controller has marked the Job as failed. */
  | { readonly state: 'failed'; readonly why: string };

/** Ignores pods of other Jobs; reads only metadata and status of each pod. */
export function jobState(job: Stored<Job>, pods: readonly Stored<Pod>[]): JobState {
  const own = pods
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid))
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  const lastFailed = own.findLast(({ status }) => status?.phase === 'Failed');
  const { status } = job;
  const failed = isTrue(status?.conditions, jobCondition.failed);
  if (failed) return { state: 'failed', why: failure(failed, lastFailed) };
  if (isTrue(status?.conditions, jobCondition.complete)) return { state: 'succeeded' };
  const running = own.findLast((pod) => pod.status?.phase === 'Running');
  if (running) return { state: 'running', pod: running.metadata.name };
  const open = own.findLast((pod) => !isPodOver(pod));
  if (open) return waitingPod(open);
  if (lastFailed) return waiting(`its next pod has not been created yet: ${podFailure(lastFailed)}`);
  if (own.length > 0) return waiting('its pod has ended, but the Job has not yet');
  const refused =
    isTrue(status?.conditions, jobCondition.failureTarget) ??
    isTrue(status?.conditions, jobCondition.suspended);
  const { failed: ended = 0 } = status ?? {};
  return waiting(
    conditionWords(refused) ??
      (ended > 0 ? 'its next pod has not been created yet' : 'no pod has been created for it yet'),
  );
}

/** Whether the Job controller has marked the Job as complete or failed. */
export function isJobOver({ status }: Job): boolean {
  return [jobCondition.failed, jobCondition.complete].some((type) => isTrue(status?.conditions, type));
}

function waiting(why: string, stuck = false): JobState {
  return { state: 'waiting', why: sanitize(why), stuck };
}

/** Whether all containers have ended for good. */
export function isPodOver({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

function waitingPod({ metadata, status }: Stored<Pod>): JobState {
  const pod = `pod ${metadata.name}`;
  if (metadata.deletionTimestamp !== undefined) return waiting(`${pod} is being deleted`);
  if (status?.phase === 'Unknown') {
    return waiting(withDetail(`${pod} is on a node that does not answer`, status.message), true);
  }
  const scheduled = status?.conditions?.find(({ type }) => type === podCondition.scheduled);
  if (scheduled?.status === 'False') {
    return waiting(withDetail(`${pod} cannot be scheduled`, conditionWords(scheduled)), true);
  }
  for (const { name, state } of status?.containerStatuses ?? []) {
    const { reason, message } = state?.waiting ?? {};
    if (reason === undefined) continue;
    if (startingReasons.has(reason)) {
      return waiting(withDetail(`the container of ${pod} is being created`, message));
    }
    const what = imageReasons.has(reason)
      ? `${pod} cannot pull its image`
      : `container ${name} of ${pod} waits`;
    return waiting(withDetail(`${what} (${reason})`, message), true);
  }
  return waiting(scheduled?.status === 'True' ? `${pod} is being started` : `${pod} waits for a node`);
}

const imageReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
]);

function failure(condition: Condition, pod: Stored<Pod> | undefined): string {
  if (condition.reason === 'DeadlineExceeded') return 'it ran longer than its deadline (DeadlineExceeded)';
  const given = conditionWords(condition) ?? 'no reason given';
  return sanitize(pod ? `${given}; ${podFailure(pod)}` : given);
}

/** `pod p was killed: out of memory (OOMKilled)`, `pod p exited with code 1 (Error)`. */
function podFailure({ metadata, status }: Stored<Pod>): string {
  const pod = `pod ${metadata.name}`;
  const disrupted = isTrue(status?.conditions, podCondition.disrupted);
  if (status?.reason !== undefined) return withDetail(`${pod} failed (${status.reason})`, status.message);
  const ended = (status?.containerStatuses ?? [])
    .flatMap(({ state }) => state?.terminated ?? [])
    .find(({ exitCode }) => exitCode !== 0);
  if (ended?.reason === 'OOMKilled') return `${pod} was killed: out of memory (OOMKilled)`;
  if (disrupted)
    return withDetail(`${pod} was disrupted (${disrupted.reason ?? 'no reason'})`, disrupted.message);
  if (ended === undefined) return withDetail(`${pod} failed`, status?.message);
  const { exitCode, reason, message } = ended;
  return withDetail(
    `${pod} exited with code ${exitCode}${reason === undefined ? '' : ` (${reason})`}`,
    message === undefined ? undefined : endOfMessage(message),
  );
}

/** How many characters of a termination message are shown: the last ones, which say why the container ended. */
const longestMessage = 500;

function endOfMessage(message: string): string {
  const line = sanitize(message).trim();
  return line.length <= longestMessage ? line : `…${line.slice(1 - longestMessage)}`;
}

function withDetail(what: string, detail: string | undefined): string {
  return detail === undefined || detail === '' ? what : `${what}: ${detail}`;
}

function isTrue(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

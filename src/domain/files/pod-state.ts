/** What the pod of a file session waits for, or why it never runs. */
import type { Event, PersistentVolumeClaim, Pod, Stored } from '#src/api/kubernetes.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { containerName } from './files-pod.ts';

export type PodState =
  | { readonly state: 'running' }
  | { readonly state: 'waiting'; readonly why: string }
  /** It does not get better by itself. */
  | { readonly state: 'failed'; readonly why: string; readonly isImage: boolean };

export interface PodScene {
  readonly pod: Stored<Pod>;
  /** Undefined: not seen yet. */
  readonly claim: Stored<PersistentVolumeClaim> | undefined;
  /** Events about the pod and the claim; empty if the user may not read Events. */
  readonly events: readonly Event[];
}

const noImage = ['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'];
const noContainer = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

export function podState({ pod, claim, events }: PodScene): PodState {
  const { status, metadata, spec } = pod;
  if (metadata.deletionTimestamp !== undefined) return failed('it is being deleted');
  const { state } = status?.containerStatuses?.find(({ name }) => name === containerName) ?? {};
  if (state?.terminated || status?.phase === 'Failed' || status?.phase === 'Succeeded') {
    const { exitCode } = state?.terminated ?? {};
    const end = exitCode === undefined ? 'it ended' : `it ended with exit code ${exitCode}`;
    return failed(conditionWords(state?.terminated) ?? conditionWords(status) ?? end);
  }
  if (state?.running) return { state: 'running' };
  const { reason = '' } = state?.waiting ?? {};
  const message = conditionWords(state?.waiting) ?? reason;
  if (noImage.includes(reason)) return failed(message, true);
  if (noContainer.includes(reason)) return failed(message);
  return { state: 'waiting', why: sanitize(whyWaiting({ pod, claim, events }, spec.nodeName)) };
}

function whyWaiting({ pod, claim, events }: PodScene, node: string | undefined): string {
  const warned = (uid: string | undefined) =>
    events.findLast(
      ({ type, reason, involvedObject }) =>
        type === 'Warning' && reason !== unscheduledReason && involvedObject.uid === uid,
    )?.message;
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  )?.message;
  if (claim && claim.status?.phase !== 'Bound') {
    // A volume may wait for the pod's node; that the pod waits for the volume says nothing new.
    const scheduler = unscheduled?.includes('unbound immediate') === true ? undefined : unscheduled;
    const why = warned(claim.metadata.uid) ?? scheduler ?? 'its driver makes the volume';
    return `persistentvolumeclaim/${claim.metadata.name} is not bound: ${why}`;
  }
  const why = node === undefined ? unscheduled : warned(pod.metadata.uid);
  const what = node === undefined ? 'scheduled' : 'started';
  return `pod/${pod.metadata.name} is not ${what}${why === undefined ? '' : `: ${why}`}`;
}

/** An Event of the scheduler stays when the pod has its node. */
const unscheduledReason = 'FailedScheduling';

function failed(why: string, isImage = false): PodState {
  return { state: 'failed', why: sanitize(why), isImage };
}

/** Says how far the rollout of a Deployment's latest generation is, and what blocks it. */
import { podCondition, startingReasons } from '#src/api/conditions.ts';
import type { Condition, ContainerStatus, Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { sanitize } from '#src/domain/sanitize.ts';

export interface Rollout {
  readonly done: boolean;
  /** `1 of 2 replicas are available` */
  readonly state: string;
  /** One line for each problem. Pods that are still starting are no problem. */
  readonly trouble: readonly string[];
}

/** `pods` are all pods of the Deployment, including those of older generations. */
export function rolloutOf(
  { metadata, spec, status }: Stored<Workload>,
  pods: readonly Stored<Pod>[],
): Rollout {
  const { replicas: wanted = 1 } = spec;
  const isSeen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  const count = (field: string) => (isSeen ? Number(status?.[field] ?? 0) : 0);
  const updated = count('updatedReplicas');
  const available = Math.min(updated, count('availableReplicas'));
  const outdated = count('replicas') - updated;
  const done = isSeen && available >= wanted && outdated <= 0;
  const conditions = (status?.['conditions'] ?? []) as Condition[];
  return {
    done,
    state: `${available} of ${wanted} ${wanted === 1 ? 'replica is' : 'replicas are'} available`,
    trouble: [
      ...(spec.paused === true && !done ? [pausedWords(metadata)] : []),
      ...conditions
        .filter(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
        .map((condition) => `no pod can be created: ${conditionWords(condition) ?? 'no reason given'}`),
      ...pods.flatMap(podTrouble),
    ].map(sanitize),
  };
}

function pausedWords({ name, namespace }: Stored<Workload>['metadata']): string {
  const resume = commandLine`kubectl rollout resume ${`deployment/${name}`} ${inNamespace(namespace)}`;
  return `the Deployment is paused; to resume it: ${resume}`;
}

function podTrouble({ metadata, status }: Stored<Pod>): string[] {
  if (metadata.deletionTimestamp !== undefined) return [];
  const pod = `pod ${metadata.name}`;
  const scheduled = status?.conditions?.find(({ type }) => type === podCondition.scheduled);
  if (scheduled?.status === 'False') return [detailed(`${pod} cannot be scheduled`, scheduled.message)];
  if (status?.phase === 'Failed') return [detailed(`${pod} failed`, conditionWords(status))];
  return (status?.containerStatuses ?? []).flatMap((container) => containerTrouble(pod, container));
}

function containerTrouble(pod: string, { state, lastState, ready }: ContainerStatus): string[] {
  const ended = state?.terminated ?? lastState?.terminated;
  const { reason, message } = state?.waiting ?? {};
  // The operator never exits by itself: exit code 0 is a problem too.
  if (!ready && ended !== undefined && (ended.exitCode !== 0 || reason === 'CrashLoopBackOff')) {
    const words = lastLine(ended.message) ?? (ended.reason === 'Error' ? undefined : ended.reason);
    return [detailed(`${pod} exited with code ${ended.exitCode}`, words)];
  }
  if (reason === undefined || startingReasons.has(reason)) return [];
  return [detailed(`${pod} waits (${reason})`, message)];
}

/** Returns the last line of a container's message, which says why the container ended. */
function lastLine(text: string | undefined): string | undefined {
  return text?.trimEnd().split('\n').at(-1);
}

function detailed(what: string, detail: string | undefined): string {
  return detail === undefined || detail === '' ? what : `${what}: ${detail}`;
}

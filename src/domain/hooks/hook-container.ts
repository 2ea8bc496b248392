/**
 * Finds the container of a pod in which a hook runs, and whether that container runs: the pod's phase does not show it.
 */
import type { Container, Pod } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import { sanitize } from '#src/domain/sanitize.ts';

const defaultContainer = 'kubectl.kubernetes.io/default-container';

/**
 * Returns the container that kubectl exec would choose. Native sidecars count, other init containers do not. Undefined
 * if the pod has no container of this name.
 */
export function containerOfHook(pod: Pod, containerName: string | undefined): Container | undefined {
  const all = containersOf(pod);
  const named = (name: string | undefined) => all.find((it) => it.name === name);
  if (containerName !== undefined) return named(containerName);
  return named(pod.metadata.annotations?.[defaultContainer]) ?? pod.spec.containers[0];
}

/** The containers in which a hook can run, native sidecars last. */
export function containersOf({ spec }: Pod): readonly Container[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars];
}

/** Why the container is not running, for example `CrashLoopBackOff`. Undefined if it is running. */
export function whyNotRunning({ spec, status }: Pod, container: string): string | undefined {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const { state } = statuses.find(({ name }) => name === container) ?? {};
  if (state?.running) return undefined;
  if (state?.terminated) {
    const { reason, exitCode } = state.terminated;
    return sanitize(reason ?? `it ended with exit code ${exitCode}`);
  }
  return sanitize(state?.waiting?.reason ?? (spec.nodeName === undefined ? 'not scheduled' : 'not started'));
}

/** Whether the pod belongs to the operator or one of its Jobs. */
export function isOurPod({ metadata }: Pod): boolean {
  return metadata.labels?.[label.managedBy] === managedBy;
}

/** Whether the pod has ended: the kubelet starts none of its containers again. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

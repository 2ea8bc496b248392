/** In which container of a pod a hook is run, and whether that runs: the pod's phase does not tell. */
import type { Container, Pod } from '#src/api/kubernetes.ts';
import { sanitize } from '#src/domain/sanitize.ts';

const defaultContainer = 'kubectl.kubernetes.io/default-container';

/** As kubectl exec chooses; a native sidecar counts, an init container that ends does not. Undefined: it has none so named. */
export function containerOfHook(pod: Pod, containerName: string | undefined): Container | undefined {
  const all = containersOf(pod);
  const named = (name: string | undefined) => all.find((it) => it.name === name);
  if (containerName !== undefined) return named(containerName);
  return named(pod.metadata.annotations?.[defaultContainer]) ?? pod.spec.containers[0];
}

/** Those in which a hook can be run, native sidecars last. */
export function containersOf({ spec }: Pod): readonly Container[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars];
}

/** Undefined: it runs. Else why it does not: `CrashLoopBackOff`. */
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

/** It has ended, and none of its containers will be started again. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/**
 * Says what the user can do about pods that do not end while their claims are replaced. The command force-deletes no
 * pod.
 */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { commandLine } from '#src/domain/command-line.ts';

/** Returns lines of a hint; each command is a line of its own. */
export function aboutLastingPods(pods: readonly Stored<Pod>[], namespace: string): string[] {
  const leaving = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const nodes = new Set(leaving.flatMap(({ spec }) => spec.nodeName ?? []));
  const others = pods.filter((pod) => !leaving.includes(pod));
  return [
    ...others.map(({ metadata }) => commandLine`kubectl describe pod ${metadata.name} -n ${namespace}`),
    ...[...nodes].flatMap((node) => [
      commandLine`kubectl describe node ${node}`,
      `only if node ${node} is switched off, so that Kubernetes removes its pods:`,
      commandLine`kubectl taint node ${node} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`,
    ]),
  ];
}

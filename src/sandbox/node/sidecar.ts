/** Native sidecars: init containers that keep running beside the pod's containers. */
import type { Container } from '#src/api/kubernetes.ts';

/** Returns true if an init container is a native sidecar. */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

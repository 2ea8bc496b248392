/** A native sidecar is an init container that is not waited for to end: it runs beside the pod's containers. */
import type { Container } from '#src/api/kubernetes.ts';

/** Of an init container. */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

/** The pod, and the container in it, that files are copied into. */
import type { Container, Pod, Stored } from '#src/api/kubernetes.ts';
import { noChoice, type Choice } from '#src/domain/finding.ts';
import { containersOf, whyNotRunning } from '#src/domain/hooks/hook-container.ts';
import { sanitize } from '#src/domain/sanitize.ts';

export interface PodToWrite {
  readonly pod: string;
  readonly container: string;
}

/** `of`: what the pods were looked up by, for messages. `path`: absolute, in the container. */
export function podToWrite(pods: readonly Stored<Pod>[], path: string, of: string): Choice<PodToWrite> {
  if (!path.startsWith('/') || path.split('/').includes('..'))
    return noChoice('usage', `"${path}" is not a path from the root of the container`, {
      hint: 'write it with a slash at its beginning, and without ".."',
    });
  const living = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const running = living.flatMap((pod) =>
    containersOf(pod)
      .filter(({ name }) => whyNotRunning(pod, name) === undefined)
      .map((container) => ({ pod, container })),
  );
  if (running.length === 0)
    return noChoice('precondition', `${of} has no running pod to copy into`, {
      hint: 'copy to this machine, or start it first',
    });
  const mounts = running.flatMap(({ pod, container }) => mountsOf(pod, container));
  const fitting = mounts.filter(({ mountPath }) => isWithin(path, mountPath));
  const deepest = Math.max(0, ...fitting.map(({ mountPath }) => mountPath.length));
  const best = fitting.filter(({ mountPath }) => mountPath.length === deepest);
  const [first] = best;
  if (new Set(best.map(({ claim }) => claim)).size > 1)
    return noChoice('usage', `the pods of ${of} have different claims at ${path}`, {
      hint: `name the pod: ${sanitize([...new Set(best.map(({ pod }) => `pod/${pod}`))].join(', '))}`,
    });
  if (first !== undefined) return { value: { pod: first.pod, container: first.container } };
  const seen = new Set(mounts.map(({ mountPath }) => mountPath));
  const where = [...seen].map(sanitize).join(', ');
  return noChoice(
    'precondition',
    `no running pod of ${of} has a claim at ${path}: the files would be lost with the container`,
    {
      hint:
        where === '' ? 'its containers mount no claim that they may write to' : `its claims are at ${where}`,
    },
  );
}

function isWithin(path: string, mountPath: string): boolean {
  const mount = mountPath.replace(/\/+$/, '');
  return path === mount || path.startsWith(`${mount}/`);
}

/** The claims that the container may write to. */
function mountsOf(pod: Stored<Pod>, container: Container) {
  const claims = new Map(
    (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
      const claim = persistentVolumeClaim?.claimName ?? (ephemeral && `${pod.metadata.name}-${name}`);
      return claim === undefined ? [] : [[name, claim] as const];
    }),
  );
  return (container.volumeMounts ?? [])
    .filter(({ name, readOnly }) => readOnly !== true && claims.has(name))
    .map(({ name, mountPath }) => ({
      ...{ pod: pod.metadata.name, container: container.name },
      ...{ claim: claims.get(name), mountPath: mountPath.replace(/(?<=.)\/+$/, '') },
    }));
}

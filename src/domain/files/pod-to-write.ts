/** The pod, and the container in it, that files are copied into. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
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
  const seen = new Set<string>();
  const fitting = running.flatMap(({ pod, container }) => {
    const claims = (pod.spec.volumes ?? []).filter(
      (volume) => volume.persistentVolumeClaim ?? volume.ephemeral,
    );
    const mounts = (container.volumeMounts ?? []).filter(
      ({ name, readOnly }) => readOnly !== true && claims.some((volume) => volume.name === name),
    );
    for (const { mountPath } of mounts) seen.add(mountPath);
    const depth = Math.max(
      0,
      ...mounts.map(({ mountPath }) => (isWithin(path, mountPath) ? mountPath.length : 0)),
    );
    return depth === 0 ? [] : [{ pod: pod.metadata.name, container: container.name, depth }];
  });
  const [best] = fitting.sort((a, b) => b.depth - a.depth);
  if (best !== undefined) return { value: { pod: best.pod, container: best.container } };
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

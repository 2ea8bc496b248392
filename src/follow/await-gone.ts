/** Waits until deleted objects are gone. Their finalizers may delay that. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { type Observed } from '#src/cluster/observe.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { StashError } from '#src/errors.ts';

const kinds: readonly Resource[] = [volumeSnapshots, backupSessions, restoreSessions, backupConfigurations];

/**
 * Resolves when none of these objects (by UID) is left. Rejects with 'timed-out', which names the objects that are
 * left.
 */
export async function awaitGone(
  environment: WaitEnvironment,
  objects: readonly Stored<KubernetesObject>[],
  { namespace, timeoutMs }: { readonly namespace: string; readonly timeoutMs: number },
): Promise<void> {
  const until = after(environment.clock, timeoutMs);
  return waitFor({ ...environment, listWithinMs: timeoutMs }, (watch) => {
    const observed = new Map<string, Observed<KubernetesObject>>();
    for (const resource of kinds.filter(({ kind }) => objects.some((object) => object.kind === kind))) {
      observed.set(resource.kind, watch(resource, { namespace, metadataOnly: true }));
    }
    return (now) => {
      const left = objects.filter(
        ({ kind, metadata }) => observed.get(kind)?.items.get(metadata.name)?.metadata.uid === metadata.uid,
      );
      const [first] = left;
      if (first === undefined) return { result: undefined };
      if (now < until) return { until };
      const names = left.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
      throw new StashError(
        'timed-out',
        `still being deleted after ${formatDuration(timeoutMs)}: ${names.join(', ')}`,
        {
          hint: commandLine`kubectl describe ${first.kind.toLowerCase()} ${first.metadata.name} -n ${namespace}`,
        },
      );
    };
  });
}

/** Gives volumes that a restore in place has kept back to their own reclaim policy. */
import { events, persistentVolumes } from '#src/api/resources.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { driverWords } from '#src/domain/driver-words.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { forgetStep } from '#src/domain/in-place/forget.ts';
import type { KeptVolume } from '#src/domain/in-place/undo.ts';
import { isStashError, StashError } from '#src/errors.ts';

export type Outcome = 'deleted' | 'stays';

export interface ForgetLimit {
  readonly until: Date;
  /** What the user has asked for, for messages. */
  readonly timeoutMs: number;
}

/** Events of cluster-scoped objects are there. */
const eventNamespace = 'default';

/**
 * Safe to repeat and to interrupt. Resolves once the volume is gone or, with policy Retain, its own again; rejects with
 * 'precondition' if another command has taken it up, and with 'timed-out', which says why the driver keeps it.
 */
export function forgetVolume(
  environment: WaitEnvironment,
  kept: KeptVolume,
  { until, timeoutMs }: ForgetLimit,
): Promise<Outcome> {
  const { cluster, tell } = environment;
  const { name, uid } = kept.volume.metadata;
  return waitFor<Outcome>({ ...environment, listWithinMs: timeoutMs }, (watch) => {
    const volumes = watch(persistentVolumes, { fieldSelector: `metadata.name=${name}` });
    const fieldSelector = `involvedObject.kind=PersistentVolume,involvedObject.name=${name}`;
    const said = watch(events, { namespace: eventNamespace, fieldSelector }, { optional: true });
    const told = new Set<string>();
    return async (now) => {
      const reasons = [...said.items.values()]
        .filter(({ involvedObject, reason }) => involvedObject.uid === uid && reason === 'VolumeFailedDelete')
        .map(({ message }) => driverWords(message));
      for (const reason of reasons.filter((each) => !told.has(each))) {
        told.add(reason);
        tell(`volume ${name} is not deleted yet: ${reason}`);
      }
      for (;;) {
        const seen = volumes.items.get(name);
        const step = forgetStep(kept, seen);
        if (step.do === 'end') return { result: step.outcome };
        if (step.do === 'refuse') throw takenUp(kept);
        const patched = step.do === 'patch' ? await patchUnlessChanged(step.patch) : undefined;
        if (patched) volumes.learn(patched);
        else if (now < until) return { until };
        else throw late(kept, seen?.status?.phase, { timeoutMs, reason: reasons.at(-1) });
      }
    };
  });

  /** Undefined if the watch has yet to bring a change that came before. */
  async function patchUnlessChanged(patch: object) {
    try {
      return await cluster.patch(persistentVolumes, { name }, patch);
    } catch (error) {
      if (isStashError(error, 'conflict', 'not-found')) return undefined;
      throw error;
    }
  }
}

/** Asks the API server about the first write, and changes nothing. Rejects as the write would. */
export async function tryForget(
  { cluster }: Pick<WaitEnvironment, 'cluster'>,
  kept: KeptVolume,
): Promise<void> {
  const step = forgetStep(kept, kept.volume);
  if (step.do !== 'patch') return;
  await cluster.patch(persistentVolumes, { name: kept.volume.metadata.name }, step.patch, { dryRun: true });
}

function takenUp({ volume, swapped: { namespace } }: KeptVolume): StashError {
  return new StashError('precondition', `another command has taken up volume ${volume.metadata.name}`, {
    hint: commandLine`kubectl stash volumes -n ${namespace}`,
  });
}

function late(
  { volume }: KeptVolume,
  phase: string | undefined,
  { timeoutMs, reason }: { readonly timeoutMs: number; readonly reason: string | undefined },
): StashError {
  const { name } = volume.metadata;
  const why = reason === undefined ? '' : `: ${reason}`;
  return new StashError(
    'timed-out',
    `volume ${name} is still ${phase ?? 'there'} after ${formatDuration(timeoutMs)}${why}`,
    { hint: commandLine`kubectl describe persistentvolume ${name}` },
  );
}

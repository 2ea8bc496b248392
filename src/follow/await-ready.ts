/** Whether an operator takes a BackupConfiguration as it now is, and calls it Ready. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { notListed, observe } from '#src/cluster/observe.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { StashError } from '#src/errors.ts';

import type { FollowEnvironment } from './follow.ts';

/** An operator gives a configuration its first status in less. */
const answersWithinMs = 2_000;

/**
 * `nobody`: no operator has ever looked at it. Rejects with 'precondition' where an operator calls it Invalid, and with
 * 'timed-out' where it is not Ready within `timeoutMs`.
 */
export async function awaitReady(
  { cluster, clock, signal }: Pick<FollowEnvironment, 'cluster' | 'clock' | 'signal'>,
  written: Stored<BackupConfiguration>,
  timeoutMs: number,
): Promise<'ready' | 'nobody'> {
  const { name, namespace, generation = 0 } = written.metadata;
  const began = clock.now().getTime();
  using loop = createLoop(clock, signal);
  const only = { namespace, fieldSelector: `metadata.name=${name}` };
  const end = new Date(began + timeoutMs);
  const observed = observe(cluster, backupConfigurations, only, loop.signal, loop.ring);
  await loop.race(orUntil(clock, end, observed.synced));
  for (;;) {
    const failure = observed.failure();
    if (failure) throw failure;
    if (!observed.isSynced()) throw notListed(backupConfigurations, timeoutMs, observed.lost());
    const { status } = observed.items.get(name) ?? gone(name, namespace);
    const isCurrent = (status?.observedGeneration ?? generation) >= generation;
    const phase = isCurrent ? status?.phase : undefined;
    if (phase === 'Ready') return 'ready';
    const told = status?.conditions?.find((condition) => condition.status === 'False');
    const why = told?.message ?? told?.reason;
    const hint = commandLine`kubectl describe backupconfiguration ${name} -n ${namespace ?? 'default'}`;
    if (phase === 'Invalid') {
      const message = `backupconfiguration/${name} is invalid: ${why ?? 'its operator gave no reason'}`;
      throw new StashError('precondition', message, { hint });
    }
    const until = began + (status?.phase === undefined ? Math.min(answersWithinMs, timeoutMs) : timeoutMs);
    if (clock.now().getTime() >= until) {
      if (status?.phase === undefined) return 'nobody';
      const reason = isCurrent ? (why ?? 'its operator gave no reason') : 'its operator does not answer';
      throw new StashError(
        'timed-out',
        `backupconfiguration/${name} is not Ready after ${formatDuration(timeoutMs)}: ${reason}`,
        { hint },
      );
    }
    await loop.wait(new Date(until));
  }
}

function gone(name: string, namespace = 'default'): never {
  throw new StashError('not-found', `backupconfiguration/${name} was deleted meanwhile`, {
    hint: commandLine`kubectl get backupconfigurations -n ${namespace}`,
  });
}

/** Waits until an operator has accepted the last written version of a BackupConfiguration. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { byName } from '#src/cluster/by-name.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { operatorAnswersMs } from '#src/domain/session/patience.ts';
import { StashError } from '#src/errors.ts';

/**
 * Resolves with 'ready' when the configuration is Ready, with 'no-operator' if no operator gives it a status. Rejects
 * with 'precondition' if it is Invalid, with 'timed-out' if it is not Ready within `timeoutMs`, with 'not-found' if it
 * was deleted.
 */
export async function awaitReady(
  environment: WaitEnvironment,
  written: Stored<BackupConfiguration>,
  timeoutMs: number,
): Promise<'ready' | 'no-operator'> {
  const { name, namespace, generation = 0 } = written.metadata;
  const { clock } = environment;
  const answeredBy = after(clock, Math.min(operatorAnswersMs.unknown, timeoutMs));
  const readyBy = after(clock, timeoutMs);
  return waitFor({ ...environment, listWithinMs: timeoutMs }, (watch) => {
    const observed = watch(backupConfigurations, byName(written.metadata));
    return (now) => {
      const { status } = observed.items.get(name) ?? gone(name, namespace);
      const isCurrent = (status?.observedGeneration ?? generation) >= generation;
      const phase = isCurrent ? status?.phase : undefined;
      if (phase === 'Ready') return { result: 'ready' };
      const failed = status?.conditions?.find((condition) => condition.status === 'False');
      const why = conditionWords(failed);
      const hint = commandLine`kubectl describe backupconfiguration ${name} -n ${namespace ?? 'default'}`;
      if (phase === 'Invalid') {
        const message = `backupconfiguration/${name} is invalid: ${why ?? 'its operator gave no reason'}`;
        throw new StashError('precondition', message, { hint });
      }
      // During an outage of the API server, an operator may have written a status.
      const isSilent = status?.phase === undefined && observed.lost() === undefined;
      const until = isSilent ? answeredBy : readyBy;
      if (now < until) return { until };
      if (isSilent) return { result: 'no-operator' };
      const reason = isCurrent ? (why ?? 'its operator gave no reason') : 'its operator does not answer';
      throw new StashError(
        'timed-out',
        `backupconfiguration/${name} is not Ready after ${formatDuration(timeoutMs)}: ${reason}`,
        { hint },
      );
    };
  });
}

function gone(name: string, namespace = 'default'): never {
  throw new StashError('not-found', `backupconfiguration/${name} was deleted meanwhile`, {
    hint: commandLine`kubectl get backupconfigurations -n ${namespace}`,
  });
}

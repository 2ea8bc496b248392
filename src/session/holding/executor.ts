/** Finds out who carries sessions out in a namespace: AppsCode's operator, our operator, or this process. */
import type { Stored } from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
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

export type ExecutorMode = 'auto' | 'operator' | 'local';
/** `appscode` and `operator`: the command waits for that operator. `local`: this process carries the session out. */
export type Executor = 'appscode' | 'operator' | 'local';

/**
 * Returns the executor as far as API discovery and `--executor` decide it. Undefined if it depends on the
 * configuration's status. Throws 'precondition' for `--executor=local` beside AppsCode's operator.
 */
export function executorByDiscovery(groups: readonly string[], mode: ExecutorMode): Executor | undefined {
  if (groups.includes(appscodeOperatorGroup)) {
    if (mode !== 'local') return 'appscode';
    throw new StashError(
      'precondition',
      "AppsCode's Stash operator runs here and would carry the session out too",
      {
        hint: 'leave out --executor=local',
      },
    );
  }
  return mode === 'auto' ? undefined : mode;
}

/** Called with a message whenever the command waits for something else. */
export type WaitsFor = (words: string) => void;

/**
 * Resolves with 'operator' if an operator has given this configuration a status, or does so in time; else with 'local'.
 * `fresh`: this command has just created the configuration.
 */
export async function findOperator(
  environment: WaitEnvironment,
  configuration: Stored<BackupConfiguration>,
  { fresh, waitsFor }: { readonly fresh: boolean; readonly waitsFor: WaitsFor },
): Promise<Executor> {
  if (configuration.status?.phase !== undefined) return 'operator';
  waitsFor(`no operator has looked at backupconfiguration/${configuration.metadata.name} yet`);
  const age = environment.clock.now().getTime() - Date.parse(configuration.metadata.creationTimestamp);
  if (!fresh && age > operatorAnswersMs.known) return 'local';
  const found = await untilConfiguration(
    environment,
    configuration,
    ({ status }) => status?.phase !== undefined,
    operatorAnswersMs.unknown,
  );
  return found?.status?.phase === undefined ? 'local' : 'operator';
}

/**
 * Waits until the configuration is Ready: AppsCode's operator skips a session for good if its configuration is not
 * Ready yet. Rejects with 'precondition' if the configuration is invalid, with 'timed-out' after `timeoutMs`.
 */
export async function waitUntilReady(
  environment: WaitEnvironment,
  configuration: Stored<BackupConfiguration>,
  { timeoutMs, waitsFor }: { readonly timeoutMs: number; readonly waitsFor: WaitsFor },
): Promise<void> {
  const { name, namespace } = configuration.metadata;
  const last = await untilConfiguration(
    environment,
    configuration,
    (seen) => {
      waitsFor(`backupconfiguration/${name} is not Ready: ${whyNot(seen)}`);
      return seen.status?.phase === 'Ready' || seen.status?.phase === 'Invalid';
    },
    timeoutMs,
  );
  if (last?.status?.phase === 'Ready') return;
  const why = whyNot(last);
  throw new StashError(
    last?.status?.phase === 'Invalid' ? 'precondition' : 'timed-out',
    last?.status?.phase === 'Invalid'
      ? `backupconfiguration/${name} is invalid: ${why}`
      : `backupconfiguration/${name} was not Ready after ${formatDuration(timeoutMs)}: ${why}`,
    { hint: commandLine`kubectl describe backupconfiguration ${name} -n ${namespace ?? 'default'}` },
  );
}

function whyNot(configuration: BackupConfiguration | undefined): string {
  const failed = configuration?.status?.conditions?.find(({ status }) => status === 'False');
  return conditionWords(failed) ?? 'its operator gave no reason';
}

/**
 * Resolves with the configuration when it is `satisfied`, or as last seen after `withinMs`. Undefined if it was
 * deleted.
 */
async function untilConfiguration(
  environment: WaitEnvironment,
  configuration: Stored<BackupConfiguration>,
  satisfied: (configuration: Stored<BackupConfiguration>) => boolean,
  withinMs: number,
): Promise<Stored<BackupConfiguration> | undefined> {
  const { name } = configuration.metadata;
  const until = after(environment.clock, withinMs);
  return waitFor(environment, (watch) => {
    const observed = watch(backupConfigurations, byName(configuration.metadata));
    return (now) => {
      const current = observed.items.get(name);
      const isOver = current === undefined || satisfied(current) || now >= until;
      return isOver ? { result: current } : { until };
    };
  });
}

/**
 * Creates the session of a plan, or finds an unfinished session of the same configuration. Each write is safe to
 * repeat.
 */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import {
  classForAppscode,
  refuseFailFast,
  refuseKeepFlags,
  refuseMarks,
} from '#src/domain/backup/appscode.ts';
import { buildBackupSession, buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { chooseConfiguration } from '#src/domain/configuration/choose-configuration.ts';
import {
  checkHooks,
  hasAdHocHooks,
  hasTheseHooks,
  hooksOfBackup,
  type AdHocHooks,
} from '#src/domain/hooks/hooks.ts';
import { refuse } from '#src/domain/finding.ts';
import { demandOfSnapshots } from '#src/domain/quota/demand.ts';
import { goesByHolder, isCommandLine, readHolder } from '#src/domain/session/holder.ts';
import { deadlineOf, isFinal } from '#src/domain/session/session-status.ts';
import { snapshotCommand } from '#src/domain/backup/snapshot-command.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { HoldEnvironment } from '#src/session/holding/held.ts';
import {
  executorByDiscovery,
  findOperator,
  waitUntilReady,
  type Executor,
  type ExecutorMode,
  type WaitsFor,
} from '#src/session/holding/executor.ts';
import { persist, untilNextSecond } from '#src/session/persist.ts';
import type { BackupPlan, BackupRequest } from './plan-backup.ts';
import { rightsForHooks, rightsForSnapshot } from './rights-needed.ts';
import type { NamespaceReader } from './namespace-reader.ts';

export interface BeginOptions {
  readonly request: BackupRequest;
  readonly mode: ExecutorMode;
  /** The result of `checkBackup`. */
  readonly byDiscovery: Executor | undefined;
  /** The executor's id, in case this process carries the session out. */
  readonly id: string;
  readonly timeoutMs: number;
  /** The first error of a driver ends the session. No operator implements that. */
  readonly failFast: boolean;
  readonly waitsFor: WaitsFor;
  /** If false, the command does not stay to carry the session out, so an operator has to. */
  readonly wait: boolean;
  /** Create a new session even if another is unfinished. */
  readonly anew?: boolean;
}

export interface Begun {
  readonly session: Stored<BackupSession>;
  readonly configuration: Stored<BackupConfiguration>;
  readonly executor: Executor;
  /** The session existed already. */
  readonly resumed: boolean;
  /** The deadline has passed, so that an executor can only record that in the status. */
  readonly stale: boolean;
  /** The session has other hooks than the command asks for. */
  readonly other: boolean;
}

/** Our operator needs at most this long to validate a configuration and find its target. */
const readyWithinMs = 10_000;

type Env = HoldEnvironment;

/**
 * Refuses before the first write whatever the command can refuse by then. Resolves with the executor as far as API
 * discovery decides it. Rejects with 'precondition' and 'forbidden'.
 */
export async function checkBackup(
  reader: NamespaceReader,
  plan: BackupPlan,
  { request, mode, wait, failFast }: Pick<BeginOptions, 'request' | 'mode' | 'wait' | 'failFast'>,
): Promise<Executor | undefined> {
  const executor = executorByDiscovery(await reader.groups(), mode);
  const { configuration } = plan;
  if (executor === 'appscode') {
    classForAppscode(plan.target, plan.planned, configuration);
    if (request.retentionPolicy) refuseKeepFlags();
    if (request.keep) refuseMarks();
    if (failFast) refuseFailFast();
  }
  const ours =
    executor === 'local' ||
    (executor === undefined && (failFast || configuration?.status?.phase === undefined));
  const { hooks = ours ? configuredHooks(configuration) : undefined } = request;
  if (request.hooks && (executor === 'appscode' || executor === 'operator')) throw onlyFromHere(executor);
  if (hooks && configuration && !request.hooks) checkHooks(hooks, nameOf(configuration), hookNames);
  if (executor === 'local' && !wait) throw operatorNeeded();
  const probes =
    executor === 'appscode' || (executor === undefined && configuration?.status?.phase === undefined);
  const fresh = configuration === undefined;
  const prunes = request.retentionPolicy !== undefined;
  const rights = [
    ...rightsForSnapshot({ executor, wait, fresh, probes, prunes }),
    ...(hooks ? rightsForHooks(hooks, plan.target.kind) : []),
  ];
  const [budget] = await Promise.all([reader.quotaBudget(), reader.demand(request.user, rights)]);
  const exceeded = budget('the snapshot', demandOfSnapshots(plan.planned.length));
  // An unfinished session has some of its snapshots already, and the quota counts them.
  const goesOn = exceeded.length > 0 && configuration && (await findUnfinished(reader, configuration));
  if (!goesOn) refuse(exceeded);
  return executor;
}

/**
 * Resolves with the session and its executor. Rejects with 'precondition' if that is not the executor that the options
 * need, or if the unfinished session has hooks of another command line.
 */
export async function beginBackup(
  environment: Env,
  reader: NamespaceReader,
  plan: BackupPlan,
  options: BeginOptions,
): Promise<Begun> {
  const { byDiscovery } = options;
  const fresh = plan.configuration === undefined;
  const configuration =
    plan.configuration ?? (await createConfiguration(environment, reader, plan, options, byDiscovery));
  if (byDiscovery === 'appscode') await waitUntilReady(environment, configuration, options);
  const { waitsFor } = options;
  const executor = byDiscovery ?? (await findOperator(environment, configuration, { fresh, waitsFor }));
  if (executor === 'local') {
    if (!options.wait) {
      // The command created the configuration only to see whether an operator answers.
      const { name, uid, namespace } = configuration.metadata;
      if (fresh) await environment.cluster.delete(backupConfigurations, { name, namespace }, { uid });
      throw operatorNeeded();
    }
  }

  const unfinished = fresh || options.anew === true ? undefined : await findUnfinished(reader, configuration);
  // Our operator, like AppsCode's, skips a session whose configuration is not Ready.
  const answers = byDiscovery === undefined || configuration.status?.phase !== undefined;
  if (executor === 'operator' && answers && !unfinished) {
    await waitUntilReady(environment, configuration, { timeoutMs: readyWithinMs, waitsFor });
  }
  if (unfinished && options.failFast) refuseOperators(unfinished);
  if (unfinished && options.request.keep && !options.wait) throw alreadyBegun(unfinished);
  const session = unfinished ?? (await createSession(environment, plan, configuration, options, executor));
  const { request } = options;
  if (hasAdHocHooks(session) && !(request.hooks && hasTheseHooks(session, request.hooks))) {
    throw othersHooks(session, request);
  }
  const now = environment.clock.now();
  const stale = (deadlineOf(session) ?? now) < now;
  const other = request.hooks !== undefined && !hasTheseHooks(session, request.hooks);
  return { session, configuration, executor, resumed: unfinished !== undefined, stale, other };
}

/**
 * Refuses `--pin` and `--keep-until` for an unfinished session: their annotations are on a session from its beginning,
 * or the command puts them on its snapshots at the end.
 */
function alreadyBegun({ metadata: { name, namespace = '' } }: Stored<BackupSession>): StashError {
  return new StashError('precondition', `backupsession/${name} is unfinished, and was begun without --pin`, {
    hint: `leave out --wait=false, or pin it when it has ended:\n${commandLine`kubectl stash wait ${name} -n ${namespace}`}\n${commandLine`kubectl stash pin ${name} -n ${namespace}`}`,
  });
}

/** Refuses hooks of another command line: otherwise a user who may write sessions could run commands as this user. */
function othersHooks(session: Stored<BackupSession>, { target, configuration }: BackupRequest): StashError {
  const { name, namespace = '' } = session.metadata;
  const command = snapshotCommand(target, { configuration, hooks: hooksOfBackup(session, undefined) });
  return new StashError(
    'precondition',
    `backupsession/${name} of ${formatTarget(target)} is unfinished, and has hooks that were given on another command line`,
    {
      hint: [
        ...(command === undefined
          ? ['to see what they are:', commandLine`kubectl get backupsession ${name} -n ${namespace} -o yaml`]
          : ['to go on with it, and run them:', command]),
        'to follow it:',
        commandLine`kubectl stash wait ${name} -n ${namespace}`,
      ].join('\n'),
    },
  );
}

/** Throws 'precondition' if an operator has begun the session: only the command line implements `--fail-fast`. */
export function refuseOperators(session: Stored<BackupSession>): void {
  const holder = readHolder(session);
  const isAnOperators = holder
    ? !isCommandLine(holder)
    : session.status !== undefined && !goesByHolder(session);
  if (!isAnOperators) return;
  const { name, namespace = '' } = session.metadata;
  throw new StashError(
    'precondition',
    `backupsession/${name} is unfinished and an operator carries it out, which does not fail fast`,
    {
      hint: `leave out --fail-fast, or follow it:\n${commandLine`kubectl stash wait ${name} -n ${namespace}`}`,
    },
  );
}

const hookNames = ['preBackup', 'postBackup'] as const;

function configuredHooks(configuration: BackupConfiguration | undefined): AdHocHooks | undefined {
  const { preBackup: pre, postBackup: post } = configuration?.spec.hooks ?? {};
  return pre === undefined && post === undefined ? undefined : { pre, post };
}

function nameOf({ metadata }: Stored<BackupConfiguration>): string {
  return `backupconfiguration/${metadata.name}`;
}

/**
 * No operator runs hooks of a command line: otherwise a user who may create sessions could run commands as the
 * operator.
 */
function onlyFromHere(executor: 'appscode' | 'operator'): StashError {
  const whose = executor === 'appscode' ? "AppsCode's operator" : 'an operator';
  return new StashError('precondition', `${whose} does not run hooks that are given on the command line`, {
    hint: `put them into spec.hooks of the BackupConfiguration${executor === 'appscode' ? '' : ', or leave out --executor=operator'}`,
  });
}

async function createConfiguration(
  environment: Env,
  reader: NamespaceReader,
  plan: BackupPlan,
  { request }: BeginOptions,
  executor: Executor | undefined,
): Promise<Stored<BackupConfiguration>> {
  const { cluster } = environment;
  const { target, planned } = plan;
  // AppsCode's operator uses only the class in the configuration. Our operator reads the class of this session from the
  // session.
  const snapshotClass = executor === 'appscode' ? classForAppscode(target, planned, undefined) : undefined;
  const configuration = buildConfiguration(target, snapshotClass);
  try {
    return await persist(environment, () => cluster.create(backupConfigurations, configuration));
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    // Another client was faster, or this client's write succeeded and its answer was lost.
    const now = (await cluster.list(backupConfigurations, { namespace: reader.namespace })).items;
    const found = chooseConfiguration(now, target, request.configuration);
    if (found === undefined) throw error;
    return found;
  }
}

/**
 * Creates the session, whose name contains the second. Of two commands that start in the same second, the later joins
 * the session of the earlier, or waits for the next second.
 */
async function createSession(
  environment: Env,
  { target, sessionClaims }: BackupPlan,
  configuration: Stored<BackupConfiguration>,
  { id, failFast, request: { hooks, keep, user, snapshotClass } }: BeginOptions,
  executor: Executor,
): Promise<Stored<BackupSession>> {
  const { cluster, clock, signal } = environment;
  const holder = executor === 'local' || hooks || failFast ? { id, counter: 0 } : undefined;
  for (;;) {
    const at = clock.now();
    const session = buildBackupSession({
      ...{ configuration, target, claims: sessionClaims, at, holder, hooks, keep, snapshotClass },
      maker: { by: 'user', name: user },
    });
    try {
      return await persist(environment, () => cluster.create(backupSessions, session));
    } catch (error) {
      if (!isStashError(error, 'already-exists')) throw error;
      const existing = await persist(environment, () =>
        cluster.get(backupSessions, session.metadata.name, target.namespace),
      );
      if (!isFinal(existing)) return existing;
      await untilNextSecond(clock, signal);
    }
  }
}

/** Finds the newest unfinished session of this configuration: a second session would take the same snapshots. */
async function findUnfinished(
  reader: NamespaceReader,
  configuration: Stored<BackupConfiguration>,
): Promise<Stored<BackupSession> | undefined> {
  const { name } = configuration.metadata;
  return (await reader.sessions())
    .filter(({ spec }) => spec.invoker.kind === 'BackupConfiguration' && spec.invoker.name === name)
    .filter((session) => !isFinal(session) && session.metadata.deletionTimestamp === undefined)
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .at(-1);
}

function operatorNeeded(): StashError {
  return new StashError(
    'precondition',
    '--wait=false needs an operator: without it, only this command would carry the session out',
    {
      hint: 'leave out --wait=false',
    },
  );
}

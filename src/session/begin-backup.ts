/** From a plan to a session that exists: the first writes, each safe to repeat. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import {
  checkConfigured,
  classForAppscode,
  refuseFailFast,
  refuseKeepFlags,
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
import { goesByHolder, isCommandLine, readHolder } from '#src/domain/session/holder.ts';
import { deadlineOf, isFinal } from '#src/domain/session/session-status.ts';
import { snapshotCommand } from '#src/domain/backup/snapshot-command.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Environment } from './environment.ts';
import {
  executorByDiscovery,
  findOperator,
  waitUntilReady,
  type Executor,
  type ExecutorMode,
  type WaitsFor,
} from './executor.ts';
import { persist, untilNextSecond } from './persist.ts';
import type { BackupPlan, BackupRequest } from './plan-backup.ts';
import { rightsForHooks, rightsForSnapshot } from './rights-needed.ts';
import type { Surroundings } from './surroundings.ts';

export interface BeginOptions {
  readonly request: BackupRequest;
  readonly mode: ExecutorMode;
  /** Of whoever executes, should that be us. */
  readonly id: string;
  readonly timeoutMs: number;
  /** The first error of a driver ends the session: only this command does that. */
  readonly failFast: boolean;
  readonly waitsFor: WaitsFor;
  /** False: the session must have an executor other than us. */
  readonly wait: boolean;
  /** A session of its own, whatever else is unfinished. */
  readonly anew?: boolean;
}

export interface Begun {
  readonly session: Stored<BackupSession>;
  readonly configuration: Stored<BackupConfiguration>;
  readonly executor: Executor;
  /** It was begun earlier, by whomever. */
  readonly resumed: boolean;
  /** Its deadline has passed: all that is left to do is to say so in its status. */
  readonly stale: boolean;
  /** It was begun without the hooks that are asked for now. */
  readonly other: boolean;
}

/** An operator of ours needs no more to find out whether a configuration is valid and its target there. */
const readyWithinMs = 10_000;

type Env = Pick<Environment, 'cluster' | 'clock' | 'signal'>;

/** All that can be refused before the first write. Resolves with what discovery alone tells of the executor. */
export async function checkBackup(
  around: Surroundings,
  plan: BackupPlan,
  { request, mode, wait, failFast }: Pick<BeginOptions, 'request' | 'mode' | 'wait' | 'failFast'>,
): Promise<Executor | undefined> {
  const executor = executorByDiscovery(await around.groups(), mode);
  const { configuration } = plan;
  if (executor === 'appscode') {
    classForAppscode(plan.target, plan.planned, configuration);
    if (request.retentionPolicy) refuseKeepFlags();
    if (failFast) refuseFailFast();
  }
  if (executor === 'operator' && request.snapshotClass !== undefined) {
    checkConfigured(configuration, request.snapshotClass);
  }
  const ours =
    executor === 'local' ||
    (executor === undefined && (failFast || configuration?.status?.phase === undefined));
  const { hooks = ours ? configuredHooks(configuration) : undefined } = request;
  if (request.hooks && (executor === 'appscode' || executor === 'operator')) throw onlyFromHere(executor);
  if (hooks && configuration && !request.hooks) checkHooks(hooks, nameOf(configuration), hookNames);
  if (executor === 'local' && !wait) throw nobodyElse();
  const probes =
    executor === 'appscode' || (executor === undefined && configuration?.status?.phase === undefined);
  const fresh = configuration === undefined;
  const prunes = request.retentionPolicy !== undefined;
  await around.demand(request.user, [
    ...rightsForSnapshot({ executor, wait, fresh, probes, prunes }),
    ...(hooks ? rightsForHooks(hooks, plan.target.kind) : []),
  ]);
  return executor;
}

export async function beginBackup(
  environment: Env,
  around: Surroundings,
  plan: BackupPlan,
  options: BeginOptions,
): Promise<Begun> {
  const byDiscovery = await checkBackup(around, plan, options);
  const fresh = plan.configuration === undefined;
  const configuration =
    plan.configuration ?? (await createConfiguration(environment, around, plan, options, byDiscovery));
  if (byDiscovery === 'appscode') await waitUntilReady(environment, configuration, options);
  const { waitsFor } = options;
  const executor = byDiscovery ?? (await findOperator(environment, configuration, { fresh, waitsFor }));
  if (executor === 'local') {
    if (!options.wait) {
      // Made only to see whether an operator answers.
      const { name, uid, namespace } = configuration.metadata;
      if (fresh) await environment.cluster.delete(backupConfigurations, { name, namespace }, { uid });
      throw nobodyElse();
    }
  }

  const unfinished = fresh || options.anew === true ? undefined : await findUnfinished(around, configuration);
  // Our operator skips, as well, a session whose configuration is not Ready.
  const answers = byDiscovery === undefined || configuration.status?.phase !== undefined;
  if (executor === 'operator' && answers && !unfinished) {
    await waitUntilReady(environment, configuration, { timeoutMs: readyWithinMs, waitsFor });
  }
  if (unfinished && options.failFast) refuseOperators(unfinished);
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

/** Whoever may write a session would have others run commands under their own rights. */
function othersHooks(session: Stored<BackupSession>, { target, configuration }: BackupRequest): StashError {
  const { name, namespace = '' } = session.metadata;
  const command = snapshotCommand(target, { configuration, hooks: hooksOfBackup(session, undefined) });
  return new StashError(
    'precondition',
    `backupsession/${name} of ${formatTarget(target)} is unfinished, and has hooks that were given on another command line`,
    {
      hint: [
        ...(command === undefined
          ? ['to see what they are:', `kubectl get backupsession ${name} -n ${namespace} -o yaml`]
          : ['to go on with it, and run them:', command]),
        'to see what becomes of it:',
        `kubectl stash wait ${name} -n ${namespace}`,
      ].join('\n'),
    },
  );
}

/** Throws 'precondition' where an operator has begun it: `--fail-fast` is this command's own doing. */
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
    { hint: `leave out --fail-fast, or follow it:\nkubectl stash wait ${name} -n ${namespace}` },
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

/** Who may create sessions may not have others run commands for him. */
function onlyFromHere(executor: 'appscode' | 'operator'): StashError {
  const whose = executor === 'appscode' ? "AppsCode's operator" : 'an operator';
  return new StashError('precondition', `${whose} does not run hooks that are given on the command line`, {
    hint: `put them into spec.hooks of the BackupConfiguration${executor === 'appscode' ? '' : ', or leave out --executor=operator'}`,
  });
}

async function createConfiguration(
  { cluster, clock, signal }: Env,
  around: Surroundings,
  plan: BackupPlan,
  { request }: BeginOptions,
  executor: Executor | undefined,
): Promise<Stored<BackupConfiguration>> {
  const { target, planned } = plan;
  const snapshotClass =
    executor === 'appscode' ? classForAppscode(target, planned, undefined) : request.snapshotClass;
  const configuration = buildConfiguration(target, snapshotClass, request.retentionPolicy);
  try {
    return await persist(clock, signal, () => cluster.create(backupConfigurations, configuration));
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    // Somebody was faster, or our own write came through without its answer.
    const now = (await cluster.list(backupConfigurations, { namespace: around.namespace })).items;
    const found = chooseConfiguration(now, target, request.configuration);
    if (found === undefined) throw error;
    return found;
  }
}

/** The name has the second in it: where two start within one, the later joins the earlier, or waits its turn. */
async function createSession(
  { cluster, clock, signal }: Env,
  { target, sessionClaims }: BackupPlan,
  configuration: Stored<BackupConfiguration>,
  { id, failFast, request: { hooks } }: BeginOptions,
  executor: Executor,
): Promise<Stored<BackupSession>> {
  const holder = executor === 'local' || hooks || failFast ? { id, counter: 0 } : undefined;
  for (;;) {
    const at = clock.now();
    const session = buildBackupSession({ configuration, target, claims: sessionClaims, at, holder, hooks });
    try {
      return await persist(clock, signal, () => cluster.create(backupSessions, session));
    } catch (error) {
      if (!isStashError(error, 'already-exists')) throw error;
      const existing = await persist(clock, signal, () =>
        cluster.get(backupSessions, session.metadata.name, target.namespace),
      );
      if (!isFinal(existing)) return existing;
      await untilNextSecond(clock, signal);
    }
  }
}

/** A session of this configuration that is still to be carried out: a snapshot now would be its double. */
async function findUnfinished(
  around: Surroundings,
  configuration: Stored<BackupConfiguration>,
): Promise<Stored<BackupSession> | undefined> {
  const { name } = configuration.metadata;
  return (await around.sessions())
    .filter(({ spec }) => spec.invoker.kind === 'BackupConfiguration' && spec.invoker.name === name)
    .filter((session) => !isFinal(session) && session.metadata.deletionTimestamp === undefined)
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .at(-1);
}

function nobodyElse(): StashError {
  return new StashError(
    'precondition',
    '--wait=false needs an operator: here nobody else would carry the session out',
    {
      hint: 'leave out --wait=false',
    },
  );
}

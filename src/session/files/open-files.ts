/** Restores a claim for a moment, beside everything else, and runs a pod that has its files. */
import type { KubernetesObject, Named, PersistentVolumeClaim, Pod, Stored } from '#src/api/kubernetes.ts';
import { events, persistentVolumeClaims, pods, type Resource } from '#src/api/resources.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { byName } from '#src/cluster/by-name.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { fileSessionOwner } from '#src/domain/files/build-file-session.ts';
import { podState } from '#src/domain/files/pod-state.ts';
import { buildClaim } from '#src/domain/restore/build-restore.ts';
import { fileSessionName } from '#src/domain/workload/names.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { assertNever, isStashError, StashError } from '#src/errors.ts';

import { persist } from '#src/session/persist.ts';
import { createRestore } from '#src/session/plan/begin-restore.ts';

import { keep } from './keep.ts';

export interface FilesToOpen {
  readonly target: Target;
  readonly session: Named<RestoreSession>;
  readonly template: VolumeClaimTemplate;
  /** `session`: left out if the API server is only asked whether it would accept the pod. */
  readonly podOf: (session?: Stored<RestoreSession>) => Named<Pod>;
  /** Milliseconds until the pod must run. */
  readonly timeoutMs: number;
}

export interface OpenFiles {
  readonly pod: string;
  readonly namespace: string;
  /** Aborts when the user interrupts, or the session is deleted. */
  readonly signal: AbortSignal;
}

/**
 * Resolves and rejects as `work`, once everything that was created is deleted again. Rejects with 'timed-out' if the pod does not run in
 * time, with 'precondition' if it never will.
 */
export async function withFiles<T>(
  environment: WaitEnvironment,
  task: FilesToOpen,
  work: (files: OpenFiles) => Promise<T>,
): Promise<T> {
  const { cluster, tell } = environment;
  const { target, template, podOf } = task;
  await refusePod(cluster, podOf());
  const session = await createRestore(environment, task.session, (at) => fileSessionName(target, at));
  const kept = keep(environment, session);
  const signal = AbortSignal.any([environment.signal, kept.lost]);
  try {
    const claim = buildClaim(session, template);
    const ownerReferences = [fileSessionOwner(session)];
    const owned = { ...claim, metadata: { ...claim.metadata, ownerReferences } };
    await createOwn(environment, session, persistentVolumeClaims, owned);
    const pod = podOf(session);
    await createOwn(environment, session, pods, pod);
    await untilRunning({ ...environment, signal }, { pod, claim, timeoutMs: task.timeoutMs });
    return await work({ pod: pod.metadata.name, namespace: target.namespace, signal });
  } catch (error) {
    if (kept.lost.aborted) throw kept.lost.reason;
    throw (await whyPodEnded(environment, podOf(session), error)) ?? error;
  } finally {
    tell(`deleting restoresession/${session.metadata.name}, its claim and its pod`);
    await kept.release();
  }
}

/** The error of a command that broke off since its pod has ended; undefined: the pod runs, or may not be read. */
async function whyPodEnded(
  { cluster, signal }: Pick<WaitEnvironment, 'cluster' | 'signal'>,
  { metadata: { name, namespace } }: Named<Pod>,
  error: unknown,
): Promise<StashError | undefined> {
  if (signal.aborted || !isStashError(error)) return undefined;
  const ended = (why: string) =>
    new StashError('gone', `${error.message}; pod/${name} ${why} meanwhile`, { cause: error });
  try {
    const pod = await cluster.get(pods, name, namespace);
    const state = podState({ pod, claim: undefined, events: [] });
    return state.state === 'failed' ? ended(`ended (${state.why})`) : undefined;
  } catch (missing) {
    return isStashError(missing, 'not-found') ? ended('was deleted') : undefined;
  }
}

/** Asks the API server: pod security, quotas and webhooks refuse the pod before anything exists. */
async function refusePod(cluster: WaitEnvironment['cluster'], pod: Named<Pod>): Promise<void> {
  try {
    await cluster.create(pods, pod, { dryRun: true });
  } catch (error) {
    if (!isStashError(error, 'forbidden', 'invalid', 'precondition', 'conflict')) throw error;
    throw new StashError(error.kind, error.message, {
      hint: error.hint ?? commandLine`kubectl describe namespace ${pod.metadata.namespace ?? 'default'}`,
      cause: error,
    });
  }
}

/** An earlier request, whose answer was lost, may have created it. */
async function createOwn<T extends KubernetesObject>(
  environment: WaitEnvironment,
  session: Stored<RestoreSession>,
  resource: Resource<T>,
  object: Named<T>,
): Promise<void> {
  const { cluster } = environment;
  const { name, namespace } = object.metadata;
  try {
    await persist(environment, () => cluster.create(resource, object));
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    const existing = await persist(environment, () => cluster.get(resource, name, namespace));
    if (existing.metadata.ownerReferences?.some(({ uid }) => uid === session.metadata.uid) !== true)
      throw error;
  }
}

interface PodToRun {
  readonly pod: Named<Pod>;
  readonly claim: Named<PersistentVolumeClaim>;
  readonly timeoutMs: number;
}

/** Tells what the pod waits for, whenever that changes. */
function untilRunning(
  environment: WaitEnvironment,
  { pod: { metadata, spec }, claim, timeoutMs }: PodToRun,
): Promise<void> {
  const { name, namespace = '' } = metadata;
  const until = after(environment.clock, timeoutMs);
  let told: string | undefined;
  return waitFor(environment, (watch) => {
    const running = watch(pods, byName(metadata));
    const claims = watch(persistentVolumeClaims, byName(claim.metadata));
    const said = watch(events, { namespace, fieldSelector: 'type=Warning' }, { optional: true });
    return (now) => {
      const pod = running.items.get(name);
      if (pod === undefined) throw new StashError('gone', `pod/${name} was deleted`);
      const found = { pod, claim: claims.items.get(claim.metadata.name), events: [...said.items.values()] };
      const state = podState(found);
      switch (state.state) {
        case 'running':
          return { result: undefined };
        case 'failed':
          throw new StashError('precondition', `pod/${name} does not run: ${state.why}`, {
            hint: state.isImage
              ? `the cluster cannot pull ${spec.containers[0]?.image ?? ''}: name another image with --image`
              : undefined,
          });
        case 'waiting': {
          const { why } = state;
          if (now >= until)
            throw new StashError(
              'timed-out',
              `pod/${name} does not run after ${formatDuration(timeoutMs)}: ${why}`,
              {
                hint: `give it more time with --timeout, or see what runs in the namespace:\n${commandLine`kubectl get pods -n ${namespace}`}`,
              },
            );
          if (told !== why) environment.tell(`waiting: ${why}`);
          told = why;
          return { until };
        }
        default:
          return assertNever(state);
      }
    };
  });
}

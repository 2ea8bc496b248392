/** A session that is ours: writes on top of each other, a counter that goes on, and giving it back. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { formatHolder, readHolder, renewEveryMs, type Holder } from '#src/domain/holder.ts';
import { isFinal } from '#src/domain/session-status.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Environment } from './environment.ts';
import { persist } from './persist.ts';

export interface Held<S extends BackupSession | RestoreSession> {
  /** As of our last write. */
  session(): Stored<S>;
  /** Writes the status as holder; rejects where we hold the session no longer. */
  writeStatus(status: S['status']): Promise<Stored<S>>;
  /** Aborts when we hold it no longer: taken over, or deleted. Its reason is a StashError. */
  readonly lost: AbortSignal;
  /** Stops renewing; where the session is unfinished, others need not wait until we count as dead. */
  release(): Promise<void>;
}

/** A merge patch, before it is made conditional. */
interface SessionPatch {
  readonly metadata?: object;
  readonly status?: unknown;
}

export type HoldEnvironment = Pick<Environment, 'cluster' | 'clock' | 'signal'>;

/** Keeps a session whose annotation names `holder`, us, at its present version. */
export function keep<S extends BackupSession | RestoreSession>(
  { cluster, clock, signal }: HoldEnvironment,
  resource: Resource<S>,
  taken: Stored<S>,
  holder: Holder,
): Held<S> {
  const at = { name: taken.metadata.name, namespace: taken.metadata.namespace };
  const lost = new AbortController();
  const over = new AbortController();
  const stopped = AbortSignal.any([signal, over.signal]);
  let current = taken;
  let queue: Promise<unknown> = Promise.resolve();

  const lose = (error: StashError): StashError => {
    lost.abort(error);
    return error;
  };

  const orGone = (error: unknown) => (isStashError(error, 'not-found') ? lose(deleted(resource, at)) : error);

  /** Repeated on top of whatever somebody else wrote meanwhile, as long as we are the holder. */
  const attempt = async (patch: SessionPatch, subresource?: 'status'): Promise<Stored<S>> => {
    for (;;) {
      lost.signal.throwIfAborted();
      const { resourceVersion } = current.metadata;
      const conditional = {
        ...patch,
        metadata: { ...('metadata' in patch && patch.metadata), resourceVersion },
      };
      try {
        current = await persist(clock, stopped, () =>
          cluster.patch(resource, at, conditional, subresource ? { subresource } : {}),
        );
        return current;
      } catch (error) {
        if (!isStashError(error, 'conflict')) throw orGone(error);
      }
      current = await cluster.get(resource, at.name, at.namespace).catch((error: unknown) => {
        throw orGone(error);
      });
      const now = readHolder(current);
      if (now?.id !== holder.id) throw lose(takenOver(resource, current, now));
    }
  };

  /** One write at a time. */
  const write = (patch: SessionPatch, subresource?: 'status'): Promise<Stored<S>> => {
    const next = queue.then(() => attempt(patch, subresource));
    queue = next.catch(() => undefined);
    return next;
  };

  const renewals = async () => {
    for (let counter = holder.counter + 1; ; counter += 1) {
      await clock.sleep(renewEveryMs, over.signal);
      if (over.signal.aborted || lost.signal.aborted) return;
      // One that fails has aborted `lost`, or the next one tries again.
      await write(annotate({ id: holder.id, counter })).catch(() => undefined);
    }
  };
  void renewals();

  return {
    session: () => current,
    writeStatus: (status) => write({ status }, 'status'),
    lost: lost.signal,
    release: async () => {
      over.abort();
      await queue;
      if (isFinal(current) || lost.signal.aborted) return;
      const { resourceVersion } = current.metadata;
      const patch = { metadata: { resourceVersion, ...annotate(undefined).metadata } };
      // Best effort: where it fails, we count as dead in half a minute.
      await cluster.patch(resource, at, patch).catch(() => undefined);
    },
  };
}

/** Undefined: given back. The annotation stays, empty, as a sign that it once was held. */
export function annotate(holder: Holder | undefined) {
  return { metadata: { annotations: { [annotation.executor]: holder ? formatHolder(holder) : '' } } };
}

function deleted(
  { kind }: Resource,
  { name, namespace = 'default' }: { name: string; namespace: string | undefined },
): StashError {
  const made = kind === 'BackupSession' ? 'volumesnapshots' : 'persistentvolumeclaims';
  return new StashError('session-failed', `${kind.toLowerCase()}/${name} was deleted while it ran`, {
    hint: `kubectl get ${made} -n ${namespace} shows what it made`,
  });
}

function takenOver(
  { kind }: Resource,
  { metadata }: Stored<BackupSession | RestoreSession>,
  by: Holder | undefined,
) {
  const { name, namespace = 'default' } = metadata;
  return new StashError(
    'conflict',
    `${kind.toLowerCase()}/${name} was taken over by ${by?.id ?? 'somebody else'}`,
    {
      hint: `kubectl stash wait ${name} -n ${namespace}`,
    },
  );
}

/** A session that is ours: writes on top of each other, a counter that goes on, and giving it back. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { formatHolder, readHolder, renewEveryMs, type Holder } from '#src/domain/holder.ts';
import { isFinal } from '#src/domain/session-status.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Environment } from './environment.ts';
import { persist } from './persist.ts';

export interface Held<S extends BackupSession | RestoreSession> {
  /** As of our last write. */
  session(): Stored<S>;
  /**
   * Writes the status as holder. Rejects where we hold the session no longer and, with a deadline, where nobody answers
   * until then and a little longer.
   */
  writeStatus(status: S['status'], deadline?: Date): Promise<Stored<S>>;
  /** Why our writes have no answer; undefined while they have. */
  trouble(): string | undefined;
  /** `ring` is called, from now on, when there is trouble and when it is over. */
  onTrouble(ring: () => void): void;
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

/** A server that has not answered for so long is worth a word. */
const slowAnswerMs = 5_000;
/** So long after the deadline it is still tried to write the session's end. */
const lateAnswerMs = 10_000;

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
  let trouble: string | undefined;
  let ring: () => void = () => undefined;

  const lose = (error: StashError): StashError => {
    lost.abort(error);
    return error;
  };

  const tell = (words: string | undefined) => {
    if (words === trouble) return;
    trouble = words;
    ring();
  };

  const onTrouble = ({ message }: StashError) => {
    tell(message);
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
        current = await persist(
          clock,
          stopped,
          () => cluster.patch(resource, at, conditional, subresource ? { subresource } : {}),
          { onTrouble },
        );
        return current;
      } catch (error) {
        if (!isStashError(error, 'conflict')) throw orGone(error);
      }
      const look = () => cluster.get(resource, at.name, at.namespace);
      current = await persist(clock, stopped, look, { onTrouble }).catch((error: unknown) => {
        throw orGone(error);
      });
      const now = readHolder(current);
      if (now?.id !== holder.id) throw lose(takenOver(resource, current, now));
    }
  };

  /** One write at a time. */
  const write = (patch: SessionPatch, subresource?: 'status'): Promise<Stored<S>> => {
    const next = queue.then(() => orTell(attempt(patch, subresource)));
    queue = next.catch(() => undefined);
    return next;
  };

  const orTell = async <T>(work: Promise<T>): Promise<T> => {
    const ended = new AbortController();
    void clock.sleep(slowAnswerMs, AbortSignal.any([stopped, ended.signal])).then(() => {
      if (!ended.signal.aborted)
        tell(trouble ?? `the server has not answered for ${formatDuration(slowAnswerMs)}`);
    });
    try {
      return await work;
    } finally {
      ended.abort();
      tell(undefined);
    }
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
    writeStatus: async (status, deadline) => {
      const written = write({ status }, 'status');
      if (deadline === undefined) return written;
      const ended = new AbortController();
      const left = Math.max(0, deadline.getTime() - clock.now().getTime());
      const late = clock.sleep(left + lateAnswerMs, AbortSignal.any([stopped, ended.signal])).then(() => {
        if (ended.signal.aborted || stopped.aborted) return written;
        throw new StashError('unreachable', trouble ?? 'the server does not answer');
      });
      try {
        return await Promise.race([written, late]);
      } finally {
        ended.abort();
      }
    },
    trouble: () => trouble,
    onTrouble: (listener) => {
      ring = listener;
    },
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

/** As a note beside the claims. */
export function troubleOf({ trouble }: { readonly trouble: () => string | undefined }): string[] {
  const words = trouble();
  return words === undefined ? [] : [words];
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

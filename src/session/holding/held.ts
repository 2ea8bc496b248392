/** A session that is ours: writes on top of each other, a counter that goes on, and giving it back. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import { orTellSlow } from '#src/cluster/slow-answer.ts';
import { after } from '#src/domain/clock.ts';
import { commandLine } from '#src/domain/command-line.ts';
import {
  deadAfterMs,
  formatHolder,
  readHolder,
  renewEveryMs,
  type Holder,
} from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import type { StatusChange } from '#src/domain/session/step.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Environment } from '#src/session/environment.ts';
import { persist } from '#src/session/persist.ts';
import { createTrouble, type Trouble } from './trouble.ts';

export interface Held<S extends BackupSession | RestoreSession> {
  /** As of our last write. */
  session(): Stored<S>;
  /**
   * Writes the status as holder: made of the present one, anew where somebody else writes in between. Rejects where we
   * hold the session no longer and, with a deadline, where nobody answers until then and a little longer.
   */
  writeStatus(change: StatusChange<NonNullable<S['status']>>, deadline?: Date): Promise<Stored<S>>;
  /** Writes annotations as holder, null removes one. Without any it only makes sure that we still are. */
  annotate(annotations: Readonly<Record<string, string | null>>): Promise<Stored<S>>;
  /**
   * Resolves at once where we were the holder a moment ago, else asks: whoever was stopped for a while may have been
   * replaced. Rejects as `annotate` does.
   */
  readonly confirm: () => Promise<void>;
  /** Nobody can have taken it over up to now: our last write that was answered was sent too shortly ago. */
  readonly isSurelyOurs: () => boolean;
  /** As the server has it now, whoever holds it. */
  readonly look: () => Promise<Stored<S>>;
  /** Why our writes have no answer. */
  readonly trouble: Omit<Trouble, 'tell'>;
  /** Aborts when we hold it no longer: taken over, or deleted. Its reason is a StashError. */
  readonly lost: AbortSignal;
  /** Stops renewing; where the session is unfinished, others need not wait until we count as dead. */
  release(): Promise<void>;
}

/** A merge patch of the present session, before it is made conditional. */
type SessionPatch<S extends KubernetesObject> = (present: Stored<S>) => {
  readonly metadata?: object;
  readonly status?: unknown;
};

/** A server that has not answered for so long is worth a word. */
const slowAnswerMs = 5_000;
/** Nobody takes us for dead, and somebody else for the holder, so soon after a write of ours. */
const surelyOursMs = deadAfterMs - renewEveryMs;
/** A server whose answers come later than that, so many times in a row, is of no use. */
const slowConfirmations = 3;
/** So long after the deadline it is still tried to write the session's end. */
const lateAnswerMs = 10_000;

export type HoldEnvironment = Pick<Environment, 'cluster' | 'clock' | 'signal'>;

/** Keeps a session whose annotation names `holder`, us, at its present version. */
export function createHeld<S extends BackupSession | RestoreSession>(
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
  /** When the last write that was answered was sent; milliseconds. */
  let confirmedAt = -Infinity;
  const trouble = createTrouble();

  const lose = (error: StashError): StashError => {
    lost.abort(error);
    return error;
  };

  const patience = {
    onTrouble: ({ message }: StashError) => {
      trouble.tell(message);
    },
  };

  const orGone = (error: unknown) => (isStashError(error, 'not-found') ? lose(deleted(resource, at)) : error);

  const slow = {
    afterMs: slowAnswerMs,
    tell: (words: string) => {
      trouble.tell(trouble.words() ?? words);
    },
  };

  /** Reads end with an interruption, and a thaw after it still has to be told: a patch of nothing reads as well. */
  const look = () =>
    signal.aborted ? cluster.patch(resource, at, {}) : cluster.get(resource, at.name, at.namespace);

  /** Repeated on top of whatever somebody else wrote meanwhile, as long as we are the holder. */
  const attempt = async (patch: SessionPatch<S>, subresource?: 'status'): Promise<Stored<S>> => {
    for (;;) {
      lost.signal.throwIfAborted();
      const { resourceVersion } = current.metadata;
      const { metadata, ...rest } = patch(current);
      const conditional = { ...rest, metadata: { ...metadata, resourceVersion } };
      let sentAt = confirmedAt;
      const send = () => {
        sentAt = clock.now().getTime();
        return cluster.patch(resource, at, conditional, subresource ? { subresource } : {});
      };
      try {
        current = await persist(clock, stopped, send, patience);
        confirmedAt = sentAt;
        return current;
      } catch (error) {
        if (!isStashError(error, 'conflict')) throw orGone(error);
      }
      current = await persist(clock, stopped, look, patience).catch((error: unknown) => {
        throw orGone(error);
      });
      const now = readHolder(current);
      if (now?.id !== holder.id) throw lose(takenOver(resource, current, now));
    }
  };

  /** One write at a time. */
  const write = (patch: SessionPatch<S>, subresource?: 'status'): Promise<Stored<S>> => {
    const next = queue.then(() => orTellSlow(clock, stopped, slow, attempt(patch, subresource)));
    queue = next
      .catch(() => undefined)
      .finally(() => {
        trouble.tell(undefined);
      });
    return next;
  };

  let counter = holder.counter;
  const sign = () => {
    counter += 1;
    return annotate({ id: holder.id, counter });
  };

  const renewals = async () => {
    for (;;) {
      await clock.sleep(renewEveryMs, over.signal);
      if (over.signal.aborted || lost.signal.aborted) return;
      // One that fails has aborted `lost`, or the next one tries again.
      const signed = sign();
      await write(() => signed).catch(() => undefined);
    }
  };
  void renewals();

  const annotateSigned: Held<S>['annotate'] = (annotations) => {
    const signed = sign().metadata.annotations;
    return write(() => ({ metadata: { annotations: { ...annotations, ...signed } } }));
  };

  return {
    session: () => current,
    annotate: annotateSigned,
    isSurelyOurs: () => clock.now().getTime() - confirmedAt < deadAfterMs,
    confirm: async () => {
      for (let tries = 0; clock.now().getTime() - confirmedAt >= surelyOursMs; tries += 1) {
        if (tries === slowConfirmations) throw new StashError('unreachable', 'the server answers too late');
        await annotateSigned({});
      }
    },
    writeStatus: async (change, deadline) => {
      const written = write(({ status }) => ({ status: change(status) }), 'status');
      if (deadline === undefined) return written;
      const until = after(clock, Math.max(0, deadline.getTime() - clock.now().getTime()) + lateAnswerMs);
      if ((await orUntil(clock, until, written)) || stopped.aborted) return written;
      throw new StashError('unreachable', trouble.words() ?? 'the server does not answer');
    },
    look: () => persist(clock, stopped, look, patience),
    trouble,
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
    hint: `${commandLine`kubectl get ${made} -n ${namespace}`} shows what it made`,
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
      hint: commandLine`kubectl stash wait ${name} -n ${namespace}`,
    },
  );
}

/** A session that this executor holds: conditional writes, renewals of the holder annotation, and its release. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { Resource } from '#src/api/resources.ts';
import type { AnySession, StatusOf } from '#src/api/stash.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import { orTellSlow, slowAnswerMs } from '#src/cluster/slow-answer.ts';
import { commandLine } from '#src/domain/command-line.ts';
import {
  deadAfterMs,
  formatHolder,
  readHolder,
  renewEveryMs,
  type Holder,
} from '#src/domain/session/holder.ts';
import { deadlineOf, isFinal } from '#src/domain/session/session-status.ts';
import type { StatusChange } from '#src/domain/session/step.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import type { KindWords } from '#src/domain/session/kind-words.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Environment } from '#src/session/environment.ts';
import { persist } from '#src/session/persist.ts';
import { createTrouble, type Trouble } from './trouble.ts';

export interface Held<S extends AnySession> {
  /** Returns the session as of this executor's last write. */
  session(): Stored<S>;
  /**
   * Writes the status that `change` makes from the present one. Repeats both if another client writes in between.
   * Rejects with the reason of `lost` if this executor no longer holds the session, and with 'unreachable' if the API
   * server has not answered by `until`.
   */
  writeStatus(change: StatusChange<StatusOf<S>>, until?: Date): Promise<Stored<S>>;
  /**
   * Writes annotations; null removes one. Without annotations, it only checks that this executor still holds the
   * session.
   */
  annotate(annotations: Readonly<Record<string, string | null>>): Promise<Stored<S>>;
  /**
   * Resolves at once if a recent write has shown that this executor is the holder. Otherwise asks the API server,
   * because another executor may have replaced a suspended process. Rejects as `annotate` does, and with 'unreachable'
   * if the API server answers too late.
   */
  readonly confirm: () => Promise<void>;
  /**
   * Whether this executor's last answered write is so recent that no other executor can have taken the session over.
   */
  readonly isSurelyOurs: () => boolean;
  /** Reads the session as the API server has it now, even if another executor holds it. */
  readonly look: () => Promise<Stored<S>>;
  /** Why the API server does not answer this executor's writes. */
  readonly trouble: Omit<Trouble, 'tell'>;
  /** Aborts when the session was taken over or deleted. Its reason is a StashError. */
  readonly lost: AbortSignal;
  /** Stops renewing, and releases an unfinished session, so that another executor can take it at once. */
  release(): Promise<void>;
}

/** Makes a merge patch for the present session. `attempt` adds the resourceVersion that makes it conditional. */
type SessionPatch<S extends KubernetesObject> = (present: Stored<S>) => {
  readonly metadata?: object;
  readonly status?: unknown;
};

/** How long to repeat a write if the session has no deadline yet, or a past one. */
const patienceMs = 10 * 60_000;
/** So soon after an answered write, `confirm` need not ask: no executor takes a session over that early. */
const surelyOursMs = deadAfterMs - renewEveryMs;
/** After so many answers in a row that come later than `surelyOursMs`, `confirm` gives up. */
const slowConfirmations = 3;

/** What a holder has to know about the session's kind. */
export interface HeldKind<S extends AnySession> {
  readonly resource: Resource<S>;
  readonly words: Pick<KindWords, 'makes'>;
}

export type HoldEnvironment = Pick<Environment, 'cluster' | 'clock' | 'signal' | 'tell' | 'until'>;

/**
 * Starts to renew a session whose annotation names `holder`, which is this executor. `taken` is its present version.
 */
export function createHeld<S extends AnySession>(
  environment: HoldEnvironment,
  kind: HeldKind<S>,
  taken: Stored<S>,
  holder: Holder,
): Held<S> {
  const { cluster, clock, signal } = environment;
  const { resource } = kind;
  const at = { name: taken.metadata.name, namespace: taken.metadata.namespace };
  const lost = new AbortController();
  const over = new AbortController();
  const stopped = AbortSignal.any([signal, over.signal]);
  const untilStopped = { ...environment, signal: stopped };
  let current = taken;
  let queue: Promise<unknown> = Promise.resolve();
  /** When this executor sent the last answered write, in milliseconds since the epoch. */
  let confirmedAt = -Infinity;
  const trouble = createTrouble();

  const lose = (error: StashError): StashError => {
    lost.abort(error);
    return error;
  };

  /** The executor writes until the session's deadline, whatever the command's limit. */
  const patience = () => ({
    until: new Date(Math.max(clock.now().getTime() + patienceMs, deadlineOf(current)?.getTime() ?? 0)),
    onTrouble: ({ message }: Pick<StashError, 'message'>) => {
      trouble.tell(message);
    },
  });

  const orGone = (error: unknown) => (isStashError(error, 'not-found') ? lose(deleted(kind, at)) : error);

  const slow = {
    afterMs: slowAnswerMs,
    tell: (words: string) => {
      trouble.tell(trouble.words() ?? words);
    },
  };

  /**
   * Reads with an empty patch: an interruption aborts reads but not writes, and the executor still has to record that
   * it resumed the application.
   */
  const look = () =>
    signal.aborted ? cluster.patch(resource, at, {}) : cluster.get(resource, at.name, at.namespace);

  /** Repeats the patch after writes of other clients, as long as this executor is the holder. */
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
        current = await persist(untilStopped, send, patience());
        confirmedAt = sentAt;
        return current;
      } catch (error) {
        if (!isStashError(error, 'conflict')) throw orGone(error);
      }
      current = await persist(untilStopped, look, patience()).catch((error: unknown) => {
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
      // A failed renewal has aborted `lost`, or the next renewal tries again.
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
    writeStatus: async (change, until) => {
      const written = write(({ status }) => ({ status: change(status) }), 'status');
      if (until === undefined) return written;
      if ((await orUntil(clock, until, written)) || stopped.aborted) return written;
      throw new StashError('unreachable', trouble.words() ?? 'the server does not answer');
    },
    look: () => persist(untilStopped, look, patience()),
    trouble,
    lost: lost.signal,
    release: async () => {
      over.abort();
      await queue;
      if (isFinal(current) || lost.signal.aborted) return;
      const { resourceVersion } = current.metadata;
      const patch = { metadata: { resourceVersion, ...annotate(undefined).metadata } };
      // Best effort: if it fails, this executor counts as dead in half a minute.
      await cluster.patch(resource, at, patch).catch(() => undefined);
    },
  };
}

/**
 * Returns a patch of the holder annotation. If `holder` is undefined, the patch releases the session: the empty
 * annotation shows that an executor held it before.
 */
export function annotate(holder: Holder | undefined) {
  return { metadata: { annotations: { [annotation.executor]: holder ? formatHolder(holder) : '' } } };
}

function deleted(
  { resource, words }: Omit<HeldKind<AnySession>, 'resource'> & { readonly resource: Resource },
  { name, namespace = 'default' }: { name: string; namespace: string | undefined },
): StashError {
  return new StashError('session-failed', `${sessionNamed(resource, name)} was deleted while it ran`, {
    hint: `${commandLine`kubectl get ${words.makes.plural} -n ${namespace}`} shows what it made`,
  });
}

function takenOver(resource: Resource, { metadata }: Stored<AnySession>, by: Holder | undefined) {
  const { name, namespace = 'default' } = metadata;
  return new StashError(
    'conflict',
    `${sessionNamed(resource, name)} was taken over by ${by?.id ?? 'another executor'}`,
    {
      hint: commandLine`kubectl stash wait ${name} -n ${namespace}`,
    },
  );
}

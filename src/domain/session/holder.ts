/**
 * The holder of a session: the executor that the annotation `stash.appscode.com/executor: <id> <counter>` names. The
 * holder increments the counter while it lives. An observer judges by how long it has seen the same value, so that
 * clocks of two machines are never compared.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

export const renewEveryMs = 10_000;
export const deadAfterMs = 30_000;

export interface Holder {
  readonly id: string;
  readonly counter: number;
}

/** Returns undefined if no executor holds the session. A value in another format counts as an id, with counter 0. */
export function readHolder(session: KubernetesObject): Holder | undefined {
  const value = session.metadata.annotations?.[annotation.executor];
  if (value === undefined || value === '') return undefined;
  const match = /^(\S+) (\d+)$/.exec(value);
  return { id: match?.[1] ?? value, counter: Number(match?.[2] ?? 0) };
}

/**
 * Whether an executor with a holder annotation has ever carried the session out. Another executor may then take it
 * over.
 */
export function goesByHolder(session: KubernetesObject): boolean {
  return session.metadata.annotations?.[annotation.executor] !== undefined;
}

/** Whether the holder is a user's `kubectl stash`, not an operator or its Job. */
export function isCommandLine({ id }: Holder): boolean {
  return id.startsWith(commandLinePrefix);
}

/** Returns a new id for one run of the command line. */
export function commandLineId(): string {
  return `${commandLinePrefix}${crypto.randomUUID().slice(0, 8)}`;
}

const commandLinePrefix = 'cli-';

export function formatHolder(holder: Holder): string {
  return `${holder.id} ${holder.counter}`;
}

/** What an observer remembers: the holder and counter that it saw, and since when, by its own clock. */
export interface Sighting {
  readonly holder: Holder | undefined;
  readonly since: Date;
}

export function sight(previous: Sighting | undefined, session: KubernetesObject, now: Date): Sighting {
  const holder = readHolder(session);
  const same =
    previous?.holder?.id === holder?.id &&
    previous?.holder?.counter === holder?.counter &&
    previous !== undefined;
  return same ? previous : { holder, since: now };
}

/** Returns the milliseconds until the sighted holder counts as dead. 0 or less if it already does. */
export function lifeLeft(sighting: Sighting, now: Date): number {
  return sighting.since.getTime() + deadAfterMs - now.getTime();
}

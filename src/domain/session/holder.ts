/**
 * Who carries a session out: the annotation `stash.appscode.com/executor: <id> <counter>`.
 * The counter moves while the holder lives. Clocks of two machines are never compared: an observer judges by how
 * long it has itself seen the same value.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

export const renewEveryMs = 10_000;
export const deadAfterMs = 30_000;

export interface Holder {
  readonly id: string;
  readonly counter: number;
}

/** Undefined: nobody holds it. A value that is not ours to read counts as a holder of its own. */
export function readHolder(session: KubernetesObject): Holder | undefined {
  const value = session.metadata.annotations?.[annotation.executor];
  if (value === undefined || value === '') return undefined;
  const match = /^(\S+) (\d+)$/.exec(value);
  return { id: match?.[1] ?? value, counter: Number(match?.[2] ?? 0) };
}

/** Whoever carries it out, or did until it was given back, does so by these rules: anybody may go on with it. */
export function goesByHolder(session: KubernetesObject): boolean {
  return session.metadata.annotations?.[annotation.executor] !== undefined;
}

/** Of a `kubectl stash` that a user runs, not of an operator or its Job. */
export function isCommandLine({ id }: Holder): boolean {
  return id.startsWith(commandLinePrefix);
}

/** Of one run of the command line. */
export function commandLineId(): string {
  return `${commandLinePrefix}${crypto.randomUUID().slice(0, 8)}`;
}

const commandLinePrefix = 'cli-';

export function formatHolder(holder: Holder): string {
  return `${holder.id} ${holder.counter}`;
}

/** What an observer remembers: the holder it saw, and since when (its own clock) it saw no other. */
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

/** Milliseconds until the sighted holder counts as dead; 0 or less: it does. */
export function lifeLeft(sighting: Sighting, now: Date): number {
  return sighting.since.getTime() + deadAfterMs - now.getTime();
}

/** Sees a session through to its end, whoever carries it out. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { isStashError } from '#src/errors.ts';
import type { Held } from '#src/session/held.ts';
import { hold } from '#src/session/hold.ts';
import { persist } from '#src/session/persist.ts';

import type { FollowEnvironment, Followed } from './follow.ts';

export interface SeeThrough<S extends BackupSession | RestoreSession> {
  readonly resource: Resource<S>;
  readonly session: Stored<S>;
  /** Of this executor. */
  readonly id: string;
  readonly execute: (held: Held<S>) => Promise<Progress>;
  /** Must end when the executor is dead. */
  readonly follow: () => Promise<Followed>;
  readonly say: (line: string) => void;
}

/** Carries it out where nobody does, follows whoever does, and takes over from the dead. */
export async function seeThrough<S extends BackupSession | RestoreSession>(
  environment: FollowEnvironment,
  { resource, session, id, execute, follow, say }: SeeThrough<S>,
): Promise<Progress> {
  const { name, namespace } = session.metadata;
  let current = session;
  let replacing: Holder | undefined;
  for (;;) {
    const held = await hold(environment, resource, current, id, replacing);
    if (held) {
      try {
        return await execute(held);
      } catch (error) {
        if (!held.lost.aborted || !isStashError(held.lost.reason, 'conflict')) throw error;
        say(`${resource.kind.toLowerCase()}/${name} is carried out by somebody else by now; following it`);
      } finally {
        await held.release();
      }
    }
    const { progress, ended } = await follow();
    if (ended === 'verdict') return progress;
    replacing = ended.dead;
    if (replacing) say(`${replacing.id} has shown no sign of life; taking ${name} over`);
    const { cluster, clock, signal } = environment;
    current = await persist(clock, signal, () => cluster.get(resource, name, namespace));
  }
}

/** What an operator remembers of the sessions that it looks at: who was seen to hold them, what was told of them. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { sight, type Sighting } from '#src/domain/holder.ts';
import { isFinal } from '#src/domain/session-status.ts';

export interface SessionMemory {
  sight(session: Stored<BackupSession | RestoreSession>, now: Date): Sighting;
  /** Whether it is final now, and was not when it was last looked at. */
  hasJustEnded(session: Stored<BackupSession> | Stored<RestoreSession>): boolean;
  /** Whether this was not told of it before. */
  isNews(uid: string, words: string): boolean;
  forget(uid: string): void;
}

export function createSessionMemory(): SessionMemory {
  const sightings = new Map<string, Sighting>();
  const unfinished = new Set<string>();
  const told = new Map<string, Set<string>>();
  return {
    sight(session, now) {
      const { uid } = session.metadata;
      const sighting = sight(sightings.get(uid), session, now);
      sightings.set(uid, sighting);
      return sighting;
    },
    hasJustEnded(session) {
      const { uid } = session.metadata;
      if (isFinal(session)) return unfinished.delete(uid);
      unfinished.add(uid);
      return false;
    },
    isNews(uid, words) {
      const before = told.get(uid) ?? new Set();
      told.set(uid, before);
      if (before.has(words)) return false;
      before.add(words);
      return true;
    },
    forget(uid) {
      sightings.delete(uid);
      unfinished.delete(uid);
      told.delete(uid);
    },
  };
}

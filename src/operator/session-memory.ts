/** What an operator remembers about sessions: when it first saw their holder, and what it has reported and done. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession, RestoreSession, AnySession } from '#src/api/stash.ts';
import { sight, type Sighting } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';

export interface SessionMemory {
  sight(session: Stored<AnySession>, now: Date): Sighting;
  /** When, by this operator's clock, it first saw the session's application quiesced; undefined if it is not. */
  quietSince(session: Stored<AnySession>, now: Date): Date | undefined;
  /** Whether the session has become final since the last call. */
  hasJustEnded(session: Stored<BackupSession> | Stored<RestoreSession>): boolean;
  /** True on the first call with `what` for the session. */
  isFirst(uid: string, what: string): boolean;
  forget(uid: string): void;
}

export function createSessionMemory(): SessionMemory {
  const sightings = new Map<string, Sighting>();
  const freezes = new Map<string, { readonly began: string; readonly since: Date }>();
  const unfinished = new Set<string>();
  const past = new Map<string, Set<string>>();
  return {
    sight(session, now) {
      const { uid } = session.metadata;
      const sighting = sight(sightings.get(uid), session, now);
      sightings.set(uid, sighting);
      return sighting;
    },
    quietSince({ metadata: { uid, annotations } }, now) {
      const began = annotations?.[annotation.quiescedSince];
      if (began === undefined) {
        freezes.delete(uid);
        return undefined;
      }
      const before = freezes.get(uid);
      if (before?.began === began) return before.since;
      freezes.set(uid, { began, since: now });
      return now;
    },
    hasJustEnded(session) {
      const { uid } = session.metadata;
      if (isFinal(session)) return unfinished.delete(uid);
      unfinished.add(uid);
      return false;
    },
    isFirst(uid, what) {
      const before = past.get(uid) ?? new Set();
      past.set(uid, before);
      if (before.has(what)) return false;
      before.add(what);
      return true;
    },
    forget(uid) {
      sightings.delete(uid);
      freezes.delete(uid);
      unfinished.delete(uid);
      past.delete(uid);
    },
  };
}

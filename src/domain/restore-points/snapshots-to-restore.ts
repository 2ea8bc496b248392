/** Finds the snapshots that a RestoreSession still needs. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { takenBefore } from '#src/domain/session/in-place.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { ordinalVariable } from '#src/domain/workload/ordinals.ts';

/** Yields the names one by one, for as many claims as any session may have. Yields none if the session has ended. */
export function snapshotsToRestore(session: Stored<RestoreSession>): IteratorObject<string> {
  const names = isFinal(session) ? [].values() : sourcesOf(session.spec.target);
  return names.take(mostClaimsPerSession);
}

/**
 * Returns the names of the snapshots that one of these sessions restores, or may have to go back to. All objects are of
 * one namespace.
 */
export function namesInUse(
  snapshots: readonly Stored<VolumeSnapshot>[],
  sessions: readonly Stored<RestoreSession>[],
): ReadonlySet<string> {
  const names = new Set(snapshots.map(({ metadata }) => metadata.name));
  const ofSession = Map.groupBy(
    snapshots,
    ({ metadata }) => metadata.annotations?.[annotation.sessionName] ?? '',
  );
  return new Set(
    sessions.flatMap((session) => [
      ...snapshotsToRestore(session).filter((name) => names.has(name)),
      ...presentData(session).flatMap(
        (name) => ofSession.get(name)?.map(({ metadata }) => metadata.name) ?? [],
      ),
    ]),
  );
}

/** Returns the BackupSession that an unfinished restore in place may have to go back to. */
function presentData(session: Stored<RestoreSession>): readonly string[] {
  const name = isFinal(session) ? undefined : takenBefore(session);
  return name === undefined ? [] : [name];
}

function* sourcesOf({ replicas = 1, volumeClaimTemplates = [] }: RestoreSession['spec']['target'] = {}) {
  // The CRD requires no field of a template.
  for (const { spec } of volumeClaimTemplates as readonly Partial<VolumeClaimTemplate>[]) {
    const name = (spec?.dataSource ?? spec?.dataSourceRef)?.name ?? '';
    const ordinals = name.includes(ordinalVariable) ? replicas : 1;
    for (let ordinal = 0; ordinal < ordinals; ordinal += 1) {
      yield name.replaceAll(ordinalVariable, String(ordinal));
    }
  }
}

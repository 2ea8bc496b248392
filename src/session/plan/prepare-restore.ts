/** Makes a RestoreSession of a restore point and a command line. */
import type { Named } from '#src/api/kubernetes.ts';
import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { accept } from '#src/domain/finding.ts';
import { buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { choosePoint } from '#src/domain/restore-points/choose-point.ts';
import type { RestoreWords } from '#src/domain/restore/restore-command.ts';
import { parseRenames } from '#src/domain/arguments/renames.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { selectClaims, templatesOf } from '#src/domain/restore/restore-templates.ts';
import type { Target } from '#src/domain/workload/target.ts';

import { readWorkload } from './plan-restore.ts';
import { ifAllowed, type NamespaceReader } from './namespace-reader.ts';

/** `from`: `latest` or a session's name. */
export type RestoreRequest = Pick<RestoreWords, 'target' | 'from' | 'flags' | 'written'>;

export interface PreparedRestore {
  readonly session: Named<RestoreSession>;
  /** One per claim. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** Left out for a session from a file. */
  readonly words?: RestoreWords;
  /** What the user should know; one line each. */
  readonly notes: readonly string[];
  readonly target: Target | undefined;
}

/** Reads and writes nothing. Rejects with a StashError where no restore point matches, or none is complete. */
export async function prepareRestore(
  reader: NamespaceReader,
  { target, from, flags, written }: RestoreRequest,
  now: Date,
): Promise<PreparedRestore> {
  const { cluster, namespace } = reader;
  const { only, claim, suffix } = flags;
  const [snapshots, sessions] = await Promise.all([
    cluster.list(volumeSnapshots, { namespace }),
    ifAllowed(() => cluster.list(backupSessions, { namespace })),
  ]);
  if (snapshots.items.length === 0) await reader.namespaceExists();
  const points = restorePoints(snapshots.items, sessions?.items ?? []);
  const point = accept(choosePoint(points, target, from, only));
  const claims = selectClaims(point, only).map((each) => each.claim);
  const rename = parseRenames({ claim, suffix }, claims);
  const { templates, notes } = templatesOf(point, { ...flags, rename });
  const session = buildRestoreSession({ target, templates, restoredFrom: point.session, at: now });
  const words = {
    target,
    from: point.session,
    flags,
    written,
    names: new Map(claims.map((name) => [name, rename(name)])),
    workload: await readWorkload(reader, target),
  };
  return { session, templates, words, notes, target };
}

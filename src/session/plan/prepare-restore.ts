/** Makes a RestoreSession from a restore point and a command line. */
import type { Named, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { formatAge } from '#src/domain/duration.ts';
import { accept } from '#src/domain/finding.ts';
import { buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { choosePoint, cutAt } from '#src/domain/restore-points/choose-point.ts';
import { isNamed } from '#src/domain/restore-points/named-point.ts';
import { parseMoment } from '#src/domain/restore-points/moment.ts';
import type { RestoreWords } from '#src/domain/restore/restore-command.ts';
import { parseRenames } from '#src/domain/arguments/renames.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { selectClaims, templatesOf } from '#src/domain/restore/restore-templates.ts';
import { recordFor, type ClaimRecord } from '#src/domain/restore/snapshot-origin.ts';
import type { Target } from '#src/domain/workload/target.ts';

import { readWorkload } from './plan-restore.ts';
import { ifAllowed, type NamespaceReader } from './namespace-reader.ts';

/** `from` is `latest`, a session's name, or a time. */
export type RestoreRequest = Pick<RestoreWords, 'target' | 'from' | 'flags' | 'written'>;

export interface PreparedRestore {
  readonly session: Named<RestoreSession>;
  /** One template for each claim. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** Left out for a session from a file. */
  readonly words?: RestoreWords;
  /** Notes for the user, one line each. */
  readonly notes: readonly string[];
  readonly target: Target | undefined;
}

/** Reads only, and writes nothing. Rejects with a StashError if no restore point matches, or if none is complete. */
export async function prepareRestore(
  reader: NamespaceReader,
  request: RestoreRequest,
  now: Date,
): Promise<PreparedRestore> {
  const { target, from, flags } = request;
  const points = await pointsOfNamespace(reader);
  const moment = parseMoment(from, now);
  const point = accept(choosePoint(points, target, from, flags.only, moment));
  const prepared = await prepareFrom(reader, request, point, now);
  if (moment === undefined || isNamed(point, from)) return prepared;
  return { ...prepared, notes: [whichPoint(from, point, now), ...prepared.notes] };
}

/** Resolves with the restore points, newest first. Rejects with 'not-found' if the namespace does not exist. */
export async function pointsOfNamespace(reader: NamespaceReader): Promise<RestorePoint[]> {
  const [snapshots, sessions] = await Promise.all([reader.snapshots(), ifAllowed(() => reader.sessions())]);
  if (snapshots.length === 0) await reader.namespaceExists();
  return restorePoints(snapshots, sessions ?? []);
}

/** Does the same as `prepareRestore` with a restore point that is already chosen. */
export async function prepareFrom(
  reader: NamespaceReader,
  { target, flags, written }: Pick<RestoreRequest, 'target' | 'flags' | 'written'>,
  point: RestorePoint,
  now: Date,
): Promise<PreparedRestore> {
  const { only, claim, suffix } = flags;
  const claims = selectClaims(point, only).map((each) => each.claim);
  const rename = parseRenames({ claim, suffix }, claims);
  const unrecorded = point.claims.flatMap(({ claim, snapshot, source }) =>
    snapshot && !source && claims.includes(claim) ? [{ claim, snapshot }] : [],
  );
  const records = await recordsFor(reader, unrecorded);
  const { templates, notes } = templatesOf(point, { ...flags, rename, records });
  const session = buildRestoreSession({
    ...{ target, templates, restoredFrom: point.session, at: now },
    flags: written(flags),
  });
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

/** Resolves with what is known, by claim, about claims that their snapshots do not record. */
async function recordsFor(
  reader: NamespaceReader,
  unrecorded: readonly { readonly claim: string; readonly snapshot: Stored<VolumeSnapshot> }[],
): Promise<ReadonlyMap<string, ClaimRecord>> {
  if (unrecorded.length === 0) return new Map();
  const snapshots = unrecorded.map(({ snapshot }) => snapshot);
  const [claims, contents] = await Promise.all([reader.claims(), reader.contents(snapshots)]);
  return new Map(
    unrecorded.flatMap(({ claim, snapshot }) => {
      const record = recordFor(snapshot, claims, contents);
      return record ? [[claim, record] as const] : [];
    }),
  );
}

/** `--from 3h is restore point deploy-foo-1732428000, cut 3h5m ago (2026-11-28T03:00:12.000Z)`. */
function whichPoint(from: string, point: RestorePoint, now: Date): string {
  const cut = cutAt(point);
  const age = formatAge(now.getTime() - cut.getTime());
  return `--from ${from} is restore point ${point.session}, cut ${age} ago (${cut.toISOString()})`;
}

/**
 * Reduces objects to the fields that the operator's caches keep: tenants write objects of any size, and the operator
 * caches those of all namespaces.
 */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { formatRecord, isInPlace, readRecord } from '#src/domain/in-place/record.ts';
import { beginning } from '#src/domain/quoted.ts';

import { whyInvalidRestore } from './check-restore.ts';
import { outline, trimBookkeeping } from '#src/domain/outline.ts';
import { sizeOf } from './trim.ts';

/** An object in a cache. */
export type KeptObject<T> = T & {
  readonly kept?: {
    /** Why the operator does not carry the session out, as a message for its status. */
    readonly refused?: string | undefined;
  };
};

/**
 * The operator refuses larger objects. Counts the characters of an object without its status and the fields that these
 * functions drop.
 */
const mostKept = 32_768;
/** The longest name of an object. */
const longestText = 253;

/** The annotations of sessions that an operator reads. */
const readAnnotations: readonly string[] = [
  annotation.executor,
  annotation.target,
  annotation.hooks,
  annotation.quiescedSince,
  annotation.quiescedUntil,
  annotation.madeBy,
  annotation.pinned,
  annotation.keepUntil,
  annotation.snapshotClass,
  annotation.inPlace,
  annotation.filesUntil,
  annotation.restoredFrom,
  annotation.restoreFlags,
];

export function keepBackupSession(session: Stored<KeptObject<BackupSession>>): typeof session {
  if (session.kept) return session;
  const kept = withReadAnnotations(session);
  const refused = tooLarge(kept);
  if (refused === undefined) return { ...kept, kept: {} };
  const { kind, name } = kept.spec.invoker;
  return {
    ...outlineOf(kept),
    spec: { invoker: { kind: brief(kind), name: brief(name) } },
    kept: { refused },
  };
}

/** Checks the claim templates and drops them. Keeps hardly more than the name of a session of another driver. */
export function keepRestoreSession(
  session: Stored<KeptObject<RestoreSession>>,
  claimsPerSession?: number,
): typeof session {
  if (session.kept) return session;
  const { driver } = session.spec;
  const outline = { ...outlineOf(session), spec: { ...(driver && { driver }) } };
  if (driver !== 'VolumeSnapshotter') return { ...outline, kept: {} };
  const { ref, replicas } = session.spec.target ?? {};
  const target = { ...(ref && { ref }), ...(replicas !== undefined && { replicas }) };
  const kept = { ...withBriefRecord(withReadAnnotations(session)), spec: { ...session.spec, target } };
  const large = tooLarge(kept);
  if (large !== undefined) return { ...outline, kept: { refused: large } };
  return { ...kept, kept: { refused: whyInvalidRestore(session, claimsPerSession) } };
}

export function keepConfiguration(
  configuration: Stored<KeptObject<BackupConfiguration>>,
): typeof configuration {
  if (configuration.kept) return configuration;
  const kept = trimBookkeeping(configuration);
  const { driver, paused, backupHistoryLimit } = kept.spec;
  const refused = tooLarge(kept);
  if (refused === undefined && driver === 'VolumeSnapshotter') return { ...kept, kept: {} };
  return {
    ...outlineOf(kept),
    spec: {
      ...(driver && { driver }),
      ...(paused !== undefined && { paused }),
      ...(backupHistoryLimit !== undefined && { backupHistoryLimit }),
      retentionPolicy: { name: '', prune: false },
    },
    kept: { refused },
  };
}

function withReadAnnotations<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  const trimmed = trimBookkeeping(object);
  const metadata: Stored<T>['metadata'] = { ...trimmed.metadata };
  const read = Object.entries(metadata.annotations ?? {}).filter(([key]) => readAnnotations.includes(key));
  if (read.length > 0) metadata.annotations = Object.fromEntries(read);
  else delete metadata.annotations;
  return { ...trimmed, metadata };
}

/** Shortens the record of a restore in place to one claim, because the operator does not read the claims. */
function withBriefRecord(session: Stored<RestoreSession>): typeof session {
  const { metadata } = session;
  if (!isInPlace(session)) return session;
  const record = readRecord(session);
  const brief = record ? formatRecord({ ...record, claims: record.claims.slice(0, 1) }) : '';
  const annotations = { ...metadata.annotations, [annotation.inPlace]: brief };
  return { ...session, metadata: { ...metadata, annotations } };
}

function tooLarge(kept: KubernetesObject): string | undefined {
  const size = sizeOf(kept);
  if (size <= mostKept) return undefined;
  return `it has ${size} characters without claim templates and status, and the limit is ${mostKept}`;
}

/**
 * Keeps the identity, finalizers and holder of an object, whether it restores in place, and the phase in its status.
 */
function outlineOf<T extends BackupConfiguration | BackupSession | RestoreSession>(object: Stored<T>) {
  const { metadata, status } = object;
  const { generation, finalizers = [], annotations } = metadata;
  const holder = annotations?.[annotation.executor];
  const filesUntil = annotations?.[annotation.filesUntil];
  const read = {
    ...(holder !== undefined && { [annotation.executor]: brief(holder) }),
    ...(isInPlace(object) && { [annotation.inPlace]: '' }),
    ...(filesUntil !== undefined && { [annotation.filesUntil]: brief(filesUntil) }),
  };
  const of = outline(object);
  return {
    ...of,
    metadata: {
      ...of.metadata,
      ...(generation !== undefined && { generation }),
      // The operator replaces the whole list to remove its own finalizer: keep all of them, or none.
      ...(JSON.stringify(finalizers).length <= mostKept && finalizers.length > 0 && { finalizers }),
      ...(Object.keys(read).length > 0 && { annotations: read }),
    },
    ...(status && { status: status as NonNullable<T['status']> }),
  };
}

function brief(text: string): string {
  return beginning(text, longestText);
}

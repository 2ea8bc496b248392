/** Builds the claim templates that restore a restore point. */
import type { VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { describeClaim } from '#src/domain/restore-points/choose-point.ts';
import { nearest } from '#src/domain/nearest.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { bytes, fitAnnotations, withoutControlPlane } from '#src/domain/restore-points/claim-annotations.ts';
import { inWords, type SourceClaim } from '#src/domain/restore-points/source-claim.ts';
import { withoutOwnership } from './ownership.ts';
import {
  restoreBytes,
  type PointClaim,
  type RestorePoint,
} from '#src/domain/restore-points/restore-points.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import type { ClaimRecord } from './snapshot-origin.ts';
import { snapshotSource } from './snapshot-source.ts';
import { parseStripped } from './strip-labels.ts';

/** The flags of `restore` that select claims and change them. */
export interface TemplateFlags {
  /** The claims to restore; empty or left out: all. */
  readonly only?: readonly string[];
  /** Left out: the class that the original claim had. */
  readonly storageClass?: string | undefined;
  /** Names of labels that the restored claims do not get, or prefixes of names, which end with a slash. */
  readonly stripLabel?: readonly string[];
}

export interface RestoreOptions extends TemplateFlags {
  /** The name of the restored claim, by the original claim's name. */
  readonly rename: (claim: string) => string;
  /** By claim, for those whose snapshot has no record of them. */
  readonly records?: ReadonlyMap<string, ClaimRecord>;
}

export interface RestoreTemplates {
  /** One per claim, in the restore point's order. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** What the user should know, one line each: a claim gets larger, a snapshot does not record its claim. */
  readonly notes: readonly string[];
}

/** Bytes of annotations in all templates of a session together: etcd accepts 1.5 MiB in one request. */
const mostAnnotationBytes = 512 * 1024;

/**
 * Claims as they were when the snapshots were taken, each at least as large as its snapshot. Throws 'not-found' for a
 * claim in `only` that the point does not have, 'usage' for a malformed `stripLabel`, 'precondition' for a claim whose snapshot is not ready or whose size is
 * unknown.
 */
export function templatesOf(point: RestorePoint, options: RestoreOptions): RestoreTemplates {
  const claims = selectClaims(point, options.only);
  const room = Math.floor(mostAnnotationBytes / claims.length);
  const results = claims.map((claim) => templateOf(claim, options, room));
  return {
    templates: results.map(({ template }) => template),
    notes: results.flatMap(({ notes }) => notes),
  };
}

/** The claims of a point that `only` names, in the point's order; all if it is empty. Throws 'not-found'. */
export function selectClaims(point: RestorePoint, only: readonly string[] = []): readonly PointClaim[] {
  const names = point.claims.map(({ claim }) => claim);
  for (const name of only) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new StashError('not-found', `restore point ${point.session} has no claim ${name}`, {
      hint: near === undefined ? sanitize(`its claims are ${names.join(', ')}`) : `did you mean ${near}?`,
    });
  }
  return only.length === 0 ? point.claims : point.claims.filter(({ claim }) => only.includes(claim));
}

/**
 * The template with a request that is large enough for the snapshot, and a note if it got larger. Throws
 * 'precondition' if neither template nor snapshot gives a size.
 */
export function grown(
  template: VolumeClaimTemplate,
  snapshot: VolumeSnapshot,
): { readonly template: VolumeClaimTemplate; readonly note?: string } {
  const { spec, metadata } = template;
  const requested = spec.resources?.requests?.storage;
  const needed = snapshot.status?.restoreSize;
  const neededBytes = restoreBytes(snapshot);
  const requestedBytes = requested === undefined ? undefined : parseQuantity(requested);
  const name = metadata.name ?? '';
  const snapshotName = snapshot.metadata.name ?? '';
  if (requestedBytes !== undefined && requestedBytes >= (neededBytes ?? 0n)) return { template };
  if (needed === undefined || neededBytes === undefined) {
    throw new StashError(
      'precondition',
      `how large claim ${name} must be is not known: snapshot ${snapshotName} does not say`,
      { hint: 'restore it with -f FILE, a RestoreSession whose claim template requests a size' },
    );
  }
  const { resources } = spec;
  const larger = {
    ...template,
    spec: { ...spec, resources: { ...resources, requests: { ...resources?.requests, storage: needed } } },
  };
  if (requested === undefined) return { template: larger };
  return {
    template: larger,
    note: `claim ${name} gets ${needed}, not ${requested}: snapshot ${snapshotName} needs that much`,
  };
}

function templateOf(
  pointClaim: PointClaim,
  { rename, storageClass, stripLabel, records }: RestoreOptions,
  annotationBytes: number,
): { template: VolumeClaimTemplate; notes: string[] } {
  const { claim, snapshot, state, source } = pointClaim;
  if (!snapshot || (state !== 'ready' && state !== 'late'))
    throw new StashError('precondition', describeClaim(pointClaim));
  const { leftOut } = source ?? {};
  const record = source ? undefined : records?.get(claim);
  const known = source ?? record ?? {};
  const { accessModes = ['ReadWriteOnce'], volumeMode, storage } = known;
  const name = rename(claim);
  const storageClassName = storageClass ?? known.storageClassName;
  // A volume attributes class belongs to one driver, and another storage class may use another driver.
  const isOtherClass = storageClassName !== source?.storageClassName;
  const attributes = source?.volumeAttributesClassName;
  const { metadata, tooLarge } = metadataOf(source ?? {}, {
    ...{ name, isCopy: name !== claim, annotationBytes, isStripped: parseStripped(stripLabel ?? []) },
  });
  const { template, note } = grown(
    {
      metadata,
      spec: {
        accessModes,
        ...(storageClassName !== undefined && { storageClassName }),
        ...(attributes !== undefined && !isOtherClass && { volumeAttributesClassName: attributes }),
        ...(volumeMode && { volumeMode }),
        ...(storage !== undefined && { resources: { requests: { storage } } }),
        dataSource: snapshotSource(snapshot.metadata.name),
      },
    },
    snapshot,
  );
  const lost = [leftOut, tooLarge].filter((words) => words !== undefined).join(', ');
  return {
    template,
    notes: [
      ...(state === 'late' ? [`${describeClaim(pointClaim)}: it is as after a power cut`] : []),
      ...(source ? [] : [unrecorded(claim, name, snapshot.metadata.name, { record, storageClass })]),
      ...(note === undefined ? [] : [note]),
      ...(attributes !== undefined && isOtherClass
        ? [`claim ${name} gets no volume attributes class: ${attributes} was for another storage class`]
        : []),
      ...(lost === ''
        ? []
        : [`claim ${name} comes back without the annotation ${lost}: too large to be kept`]),
    ],
  };
}

function unrecorded(
  claim: string,
  name: string,
  snapshot: string,
  {
    record,
    storageClass,
  }: { readonly record: ClaimRecord | undefined; readonly storageClass: string | undefined },
): string {
  const why = `snapshot ${snapshot} does not record its claim`;
  if (record?.present === true) return `claim ${name} becomes as claim ${claim} is now: ${why}`;
  const words = [
    ...(record?.volumeMode === 'Block' ? ['Block'] : []),
    'ReadWriteOnce',
    ...(storageClass === undefined ? ['of the default storage class'] : []),
  ];
  return `claim ${name} becomes ${inList(words)}: ${why}`;
}

function inList(words: readonly string[]): string {
  return words.length < 3
    ? words.join(' and ')
    : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** A copy under another name gets none of the marks by which tools own the original claim. */
function metadataOf(
  { labels = {}, annotations = {} }: SourceClaim,
  {
    name,
    isCopy,
    isStripped,
    annotationBytes,
  }: {
    readonly name: string;
    readonly isCopy: boolean;
    readonly isStripped: (label: string) => boolean;
    readonly annotationBytes: number;
  },
): { metadata: VolumeClaimTemplate['metadata']; tooLarge: string | undefined } {
  const wanted = Object.fromEntries(Object.entries(labels).filter(([label]) => !isStripped(label)));
  const given = isCopy ? withoutOwnership(wanted) : wanted;
  // Users who may write snapshots may write the record of the claim, too.
  const own = withoutControlPlane(annotations);
  const fitted = fitAnnotations(
    isCopy ? withoutOwnership(own) : own,
    (kept) => bytes(JSON.stringify(kept.annotations)) <= annotationBytes,
  );
  return {
    metadata: {
      name,
      ...(Object.keys(given).length > 0 && { labels: given }),
      ...(Object.keys(fitted.annotations).length > 0 && { annotations: fitted.annotations }),
    },
    tooLarge: fitted.leftOut.length === 0 ? undefined : inWords(fitted.leftOut),
  };
}

/** Plans a restore, and finds problems before the session begins. */
import type { KubernetesObject, Stored, StorageClass, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import type { RestoreWords } from '#src/domain/restore/restore-command.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import { accept, refuse } from '#src/domain/finding.ts';
import { demandOfClaims } from '#src/domain/quota/demand.ts';
import { claimsBeyondLimits } from '#src/domain/quota/limit-ranges.ts';
import { unfitTemplates } from '#src/domain/restore/check-provisioning.ts';
import { readySnapshot } from '#src/domain/restore/ready-snapshot.ts';
import { grown } from '#src/domain/restore/restore-templates.ts';
import { originOf, type SnapshotOrigin } from '#src/domain/restore/snapshot-origin.ts';
import { readSourceClaim } from '#src/domain/restore-points/source-claim.ts';
import { bindsLate, missingStorageClasses } from '#src/domain/restore/storage-class.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

import type { Executor } from '#src/session/holding/executor.ts';
import { refuseClaimsInTheWay } from './refuse-claims-in-the-way.ts';
import { rightsForHooks, rightsForRestore } from './rights-needed.ts';
import type { NamespaceReader } from './namespace-reader.ts';

export interface RestoreRequest {
  /** One template for each claim, with all variables replaced. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** The command line that asks for the restore. Left out for a RestoreSession from a file. */
  readonly words?: RestoreWords | undefined;
  /** Whether the command has a flag `--storage-class`. Default: whether there are `words`. */
  readonly hasClassFlag?: boolean;
  /** The session that the command continues. Its claims are not in the way. */
  readonly resumed?: Stored<RestoreSession> | undefined;
  /** Undefined if not known before the session exists. */
  readonly executor?: Executor | undefined;
  /** If false, the command does not stay to carry the session out, so an operator has to. */
  readonly wait?: boolean;
  /** The session's hooks, which run in the target's pods. */
  readonly hooks?: SessionHooks | undefined;
  /** The user's name, for messages. */
  readonly user: string;
}

export interface RestorePlan {
  /** The requested templates, but never smaller than the snapshot. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** Claims whose class binds them only when a pod uses them. Undefined if the user may not read storage classes. */
  readonly waitForConsumer: ReadonlySet<string> | undefined;
  /** Differences from the request, one line each. */
  readonly notes: readonly string[];
}

interface Source {
  readonly template: VolumeClaimTemplate;
  readonly snapshot: Stored<VolumeSnapshot>;
}

/** Reads only, and writes nothing. Rejects with a StashError for the first problem. */
export async function planRestore(reader: NamespaceReader, request: RestoreRequest): Promise<RestorePlan> {
  const { namespace } = reader;
  const { resumed, words, executor, wait = true, hasClassFlag: hasFlag = words !== undefined } = request;
  const [snapshots, classes] = await Promise.all([
    reader.snapshots(),
    reader.storageClasses(),
    reader.snapshotClasses(),
    reader.claims(),
    reader.quotaBudget(),
    reader.limitRanges(),
    reader.demand(request.user, [
      ...rightsForRestore({ executor, wait }),
      ...(request.hooks && wait && (executor ?? 'local') === 'local'
        ? rightsForHooks(request.hooks, words?.target.kind)
        : []),
    ]),
  ]);

  const sources = request.templates.map((template) => ({
    template,
    snapshot: accept(readySnapshot(template, snapshots, namespace)),
  }));
  const sized = sources.map(({ template, snapshot }) => grown(template, snapshot));
  const claims = (await reader.claims()).filter(
    ({ metadata }) =>
      resumed === undefined || metadata.annotations?.[annotation.restoreSessionUid] !== resumed.metadata.uid,
  );
  const { templates: wanted, user } = request;
  await refuseClaimsInTheWay(reader, {
    ...{ templates: wanted, words, claims, user },
    ...{ snapshots, classes },
  });

  const templates = sized.map(({ template }) => template);
  if (classes) refuse(missingStorageClasses(templates, classes, hasFlag));
  const origins = await readOrigins(reader, sources);
  refuse(unfitTemplates(templates, { classes, origins, words, hasFlag }));
  const [budget, missing] = await Promise.all([reader.quotaBudget(), stillToCreate(reader, templates)]);
  refuse(claimsBeyondLimits(await reader.limitRanges(), missing));
  refuse(budget('the restore', demandOfClaims(missing, classes)));
  return {
    templates,
    waitForConsumer: classes && lateBinding(templates, classes),
    notes: sized.flatMap(({ note }) => note ?? []),
  };
}

/** Leaves out the claims that an interrupted run has created, because a quota already counts them. */
async function stillToCreate(
  reader: NamespaceReader,
  templates: readonly VolumeClaimTemplate[],
): Promise<VolumeClaimTemplate[]> {
  const present = new Set((await reader.claims()).map(({ metadata }) => metadata.name));
  return templates.filter(({ metadata }) => !present.has(metadata.name ?? ''));
}

/** Resolves with the origins by the name of the snapshot. */
export async function readOrigins(
  reader: Pick<NamespaceReader, 'contents' | 'snapshotClasses'>,
  sources: readonly Source[],
): Promise<ReadonlyMap<string, SnapshotOrigin>> {
  const doubtful = sources.filter(hasDoubtfulMode).map(({ snapshot }) => snapshot);
  const [contents, classes] = await Promise.all([reader.contents(doubtful), reader.snapshotClasses()]);
  return new Map(
    sources.map(({ snapshot }) => [snapshot.metadata.name, originOf(snapshot, classes, contents)]),
  );
}

/**
 * Whether the VolumeSnapshotContent can say more than the snapshot's record. Contents are cluster-scoped, and the
 * command reads them one by one.
 */
function hasDoubtfulMode({ template, snapshot }: Source): boolean {
  return readSourceClaim(snapshot)?.volumeMode !== (template.spec.volumeMode ?? 'Filesystem');
}

/** Resolves with undefined if the workload does not exist, or if the user may not read it. */
export async function readWorkload(
  { cluster }: NamespaceReader,
  target: Target,
): Promise<Stored<KubernetesObject> | undefined> {
  if (target.kind === 'PersistentVolumeClaim') return undefined;
  try {
    return await cluster.get(targetTypes[target.kind].resource, target.name, target.namespace);
  } catch (error) {
    if (isStashError(error, 'not-found', 'forbidden')) return undefined;
    throw error;
  }
}

function lateBinding(
  templates: readonly VolumeClaimTemplate[],
  classes: readonly Stored<StorageClass>[],
): Set<string> {
  const late = templates.filter((template) => bindsLate(template, classes));
  return new Set(late.map(({ metadata }) => metadata.name ?? ''));
}

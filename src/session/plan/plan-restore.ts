/** Everything that can be known to be wrong with a restore before it is begun. */
import type { KubernetesObject, Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { storageClasses, volumeSnapshots } from '#src/api/resources.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import type { RestoreWords } from '#src/domain/restore/restore-command.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import { accept, refuse } from '#src/domain/finding.ts';
import { readySnapshot } from '#src/domain/restore/ready-snapshot.ts';
import { grown } from '#src/domain/restore/restore-templates.ts';
import { bindsLate, missingStorageClasses } from '#src/domain/restore/storage-class.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

import type { Executor } from '#src/session/holding/executor.ts';
import { refuseClaimsInTheWay } from './refuse-claims-in-the-way.ts';
import { rightsForHooks, rightsForRestore } from './rights-needed.ts';
import { ifAllowed, type NamespaceReader } from './namespace-reader.ts';

export interface RestoreRequest {
  /** One per claim, every variable replaced. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** How it was asked for; left out for a RestoreSession from a file. */
  readonly words?: RestoreWords | undefined;
  /** The session that goes on, whose claims are not in the way. */
  readonly resumed?: Stored<RestoreSession> | undefined;
  /** Undefined: it turns out once the session exists. */
  readonly executor?: Executor | undefined;
  /** False: it is not followed, so somebody else carries it out. */
  readonly wait?: boolean;
  /** Those of the session: they are run in the target's pods. */
  readonly hooks?: SessionHooks | undefined;
  /** For messages. */
  readonly user: string;
}

export interface RestorePlan {
  /** As asked for, but never smaller than the snapshot. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** Claims whose class binds only once a pod uses them; undefined where the user may not read classes. */
  readonly waitForConsumer: ReadonlySet<string> | undefined;
  /** What changed and should be known; one line each. */
  readonly notes: readonly string[];
}

/** Reads, and writes nothing. Throws a StashError for the first thing that stands in the way. */
export async function planRestore(reader: NamespaceReader, request: RestoreRequest): Promise<RestorePlan> {
  const { cluster, namespace } = reader;
  const { resumed, words, executor, wait = true } = request;
  const [snapshots, classes] = await Promise.all([
    cluster.list(volumeSnapshots, { namespace }),
    ifAllowed(() => cluster.list(storageClasses)),
    reader.claims(),
    reader.demand(request.user, [
      ...rightsForRestore({ executor, wait }),
      ...(request.hooks && wait && (executor ?? 'local') === 'local'
        ? rightsForHooks(request.hooks, words?.target.kind)
        : []),
    ]),
  ]);

  const sized = request.templates.map((template) =>
    grown(template, accept(readySnapshot(template, snapshots.items, namespace))),
  );
  const claims = (await reader.claims()).filter(
    ({ metadata }) =>
      resumed === undefined || metadata.annotations?.[annotation.restoreSessionUid] !== resumed.metadata.uid,
  );
  const { templates: wanted, user } = request;
  await refuseClaimsInTheWay(reader, {
    ...{ templates: wanted, words, claims, user },
    ...{ snapshots: snapshots.items, classes: classes?.items },
  });

  const templates = sized.map(({ template }) => template);
  if (classes) refuse(missingStorageClasses(templates, classes.items, words));
  return {
    templates,
    waitForConsumer: classes && lateBinding(templates, classes.items),
    notes: sized.flatMap(({ note }) => note ?? []),
  };
}

/** Undefined where it does not exist, or the user may not look. */
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

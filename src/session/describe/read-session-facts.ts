/** Reads the facts that `describe` shows about one session, with the user's own rights. */
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { jobs, persistentVolumes, pods } from '#src/api/resources.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { valueOf } from '#src/domain/checks/check.ts';
import type { DriverError, SessionFacts } from '#src/domain/describe/facts.ts';
import { driverWords } from '#src/domain/driver-words.ts';
import { isInPlace, readRecord } from '#src/domain/in-place/record.ts';
import { readSwapped } from '#src/domain/in-place/swapped-volume.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import { isStashError } from '#src/errors.ts';

import type { NamespaceReader } from '#src/session/plan/namespace-reader.ts';
import type { FoundSession } from './find-session.ts';
import { listOrLacking, orLacking } from '#src/session/plan/or-lacking.ts';

export interface ReadSession {
  readonly facts: SessionFacts;
  /** The objects that the session has created. There may be Events about them. */
  readonly made: readonly Stored<KubernetesObject>[];
}

/** Reads and writes nothing. */
export async function readSessionFacts(
  reader: NamespaceReader,
  { kind, object: session }: FoundSession,
): Promise<ReadSession> {
  const jobName = kind.jobName(session.metadata.name);
  const [seen, job, jobPods, keptVolumes] = await Promise.all([
    readClaims(reader.cluster, { kind, object: session }),
    readJob(reader, session, jobName),
    listOrLacking(reader.cluster, pods, {
      namespace: reader.namespace,
      labelSelector: `job-name=${jobName}`,
    }),
    countKept(reader, session),
  ]);
  const rows = valueOf(seen.claims) ?? [];
  const facts: SessionFacts = {
    ...{ words: kind.words, session, target: kind.targetOf(session), claims: seen.claims },
    verdict: isFinal(session) ? kind.verdict(session, rows) : undefined,
    driverErrors: rows.flatMap(({ claim, snapshot }) => driverError(claim, seen.made.get(snapshot ?? ''))),
    ...{ hooks: kind.hookState(session), hookNames: kind.hookRecord.names, jobName, job, pods: jobPods },
    keptVolumes,
  };
  const own = rows.flatMap(({ claim, snapshot }) => seen.made.get(snapshot ?? claim) ?? []);
  const ofJob = [
    ...('value' in job && job.value !== undefined ? [job.value] : []),
    ...(valueOf(jobPods) ?? []),
  ];
  return { facts, made: [...ofJob, ...own] };
}

interface SeenClaims {
  readonly claims: SessionFacts['claims'];
  /** The created objects by name. */
  readonly made: ReadonlyMap<string, Stored<KubernetesObject>>;
}

/** Reads the claims as a follower of the session sees them at this moment. */
async function readClaims(cluster: Cluster, { kind, object: session }: FoundSession): Promise<SeenClaims> {
  const stop = new AbortController();
  const { namespace = '' } = session.metadata;
  const loop = { signal: stop.signal, ring: () => undefined };
  const watch = kind.watch({ cluster: listing(cluster) }, namespace, loop);
  const { makes } = kind.words;
  const read = await orLacking({ verb: 'list', resource: makes }, namespace, async () => {
    await watch.made.synced;
    await Promise.allSettled((watch.beside ?? []).map(({ synced }) => synced));
    return claimsOf(() => watch.claims(session));
  });
  return { claims: read, made: watch.made.items };
}

/** Returns none if the session's templates are invalid: its conditions say so. */
function claimsOf<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    if (isStashError(error, 'invalid')) return [];
    throw error;
  }
}

/** Returns a cluster whose watches list once, and end. */
function listing(cluster: Cluster): Cluster {
  return {
    ...cluster,
    async *watch(resource, scope) {
      yield { type: 'listed', ...(await cluster.list(resource, scope)) };
    },
  };
}

/** Reads the session's Job. Ignores a Job of that name that another object owns. */
function readJob(
  { cluster, namespace }: NamespaceReader,
  session: FoundSession['object'],
  name: string,
): Promise<SessionFacts['job']> {
  return orLacking({ verb: 'get', resource: jobs }, namespace, async () => {
    const job = await find(cluster, jobs, { name, namespace });
    const owners = job?.metadata.ownerReferences ?? [];
    return owners.some(({ uid }) => uid === session.metadata.uid) ? job : undefined;
  });
}

async function countKept(
  { cluster, namespace }: NamespaceReader,
  session: FoundSession['object'],
): Promise<number | undefined> {
  if (!isInPlace(session)) return undefined;
  const name = readRecord(session)?.volumesOf ?? session.metadata.name;
  const labelSelector = `${label.restoreSession}=${labelValue(name)}`;
  const volumes = valueOf(await listOrLacking(cluster, persistentVolumes, { labelSelector }));
  return volumes
    ?.map(readSwapped)
    .filter(
      (swapped) => swapped?.role === 'kept' && swapped.session === name && swapped.namespace === namespace,
    ).length;
}

/** Returns the error in the status of a VolumeSnapshot. A restore creates claims, which have no such status. */
function driverError(claim: string, made: KubernetesObject | undefined): DriverError[] {
  const { error } = (made as Stored<VolumeSnapshot> | undefined)?.status ?? {};
  return error === undefined ? [] : [{ claim, words: driverWords(error.message), at: error.time }];
}

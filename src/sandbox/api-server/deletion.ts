/**
 * Deletes objects: at once, or after their finalizers are removed and, for a pod, its node has stopped it.
 */
import type { Api, DeletionRequest } from './api.ts';
import { listAt, numberAt, objectAt, stringAt } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import { timestamp, type ApiObject, type StoredObject } from './object.ts';
import { conflict } from './status.ts';

type Deleter = Pick<Api, 'store' | 'now'>;

/**
 * Deletes the object, or marks it as terminating if something holds it (`gone` is false). Throws Conflict if
 * a precondition of the request fails.
 */
export function remove(
  api: Deleter,
  kind: Kind,
  current: StoredObject,
  request: DeletionRequest,
): { object: StoredObject; gone: boolean } {
  const { metadata } = current;
  // These messages contain the kind, where all others contain the resource.
  const asKind = { ...kind, plural: kind.kind };
  if (request.uid !== undefined && request.uid !== metadata.uid) {
    const both = `the UID in the precondition (${request.uid}) does not match the UID in record (${metadata.uid})`;
    throw conflict(asKind, metadata.name, `${both}. The object might have been deleted and then recreated`);
  }
  if (request.resourceVersion !== undefined && request.resourceVersion !== metadata.resourceVersion) {
    const wanted = `the ResourceVersion in the precondition (${request.resourceVersion})`;
    const why = `${wanted} does not match the ResourceVersion in record (${metadata.resourceVersion})`;
    throw conflict(asKind, metadata.name, `${why}. The object might have been modified`);
  }
  if (request.propagation === undefined && collectionOf(kind) === 'batch/jobs')
    request.warn?.(orphanedPodsWarning);
  const marked = markedForDeletion(api, kind, current, request);
  if (request.dryRun === true) return { object: marked, gone: !isHeld(kind, marked) };
  if (!isHeld(kind, marked)) return { object: api.store.remove(collectionOf(kind), current), gone: true };
  if (marked === current) return { object: current, gone: false };
  return { object: api.store.put(collectionOf(kind), marked), gone: false };
}

/** Called after a change to a terminating object: removes it if nothing holds it any more. */
export function dropIfReleased(api: Deleter, kind: Kind, object: StoredObject): StoredObject {
  if (object.metadata.deletionTimestamp === undefined || isHeld(kind, object)) return object;
  return api.store.remove(collectionOf(kind), object);
}

const orphanedPodsWarning =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set ' +
  'propagationPolicy=Orphan to suppress this warning';

/**
 * Returns the default propagation policy: Jobs and ReplicationControllers, the oldest workload kinds, orphan
 * their pods.
 */
function defaultPropagation(kind: Kind): 'Orphan' | 'Background' {
  return ['batch/jobs', '/replicationcontrollers'].includes(collectionOf(kind)) ? 'Orphan' : 'Background';
}

function markedForDeletion(
  api: Deleter,
  kind: Kind,
  current: StoredObject,
  request: DeletionRequest,
): StoredObject {
  const wanted = { Foreground: ['foregroundDeletion'], Orphan: ['orphan'], Background: [] }[
    request.propagation ?? defaultPropagation(kind)
  ];
  const already = current.metadata.deletionTimestamp;
  const finalizers = new Set([
    ...(current.metadata.finalizers ?? []),
    ...(already === undefined ? wanted : []),
  ]);
  const grace = kind.group === '' && kind.plural === 'pods' ? graceOf(current, request) : undefined;
  const unchanged =
    already !== undefined && (grace === undefined || grace === current.metadata.deletionGracePeriodSeconds);
  if (unchanged) return current;
  return {
    ...current,
    metadata: {
      ...current.metadata,
      deletionTimestamp: already ?? timestamp(new Date(api.now().getTime() + (grace ?? 0) * 1000)),
      deletionGracePeriodSeconds: grace ?? 0,
      ...(finalizers.size > 0 && { finalizers: [...finalizers] }),
    },
    ...(kind.group === '' &&
      kind.plural === 'namespaces' && { status: { ...objectAt(current, 'status'), phase: 'Terminating' } }),
  };
}

/**
 * Returns the seconds that the node has to stop the pod: 0 if the pod is unscheduled or has ended by itself.
 */
function graceOf(pod: StoredObject, request: DeletionRequest): number {
  const phase = stringAt(pod, 'status', 'phase');
  if (stringAt(pod, 'spec', 'nodeName') === undefined || phase === 'Succeeded' || phase === 'Failed')
    return 0;
  const asked = request.gracePeriodSeconds ?? numberAt(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30;
  return Math.min(asked, pod.metadata.deletionGracePeriodSeconds ?? asked);
}

function isHeld(kind: Kind, object: ApiObject): boolean {
  if ((object.metadata.finalizers ?? []).length > 0) return true;
  if (kind.group !== '') return false;
  if (kind.plural === 'namespaces') return listAt(object, 'spec', 'finalizers').length > 0;
  return kind.plural === 'pods' && (object.metadata.deletionGracePeriodSeconds ?? 0) > 0;
}

/** Writes one step of a restore in place to the API server. Each write is conditional, and safe to repeat. */
import type {
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  Stored,
} from '#src/api/kubernetes.ts';
import { annotation, holdFinalizer, label } from '#src/api/labels.ts';
import { persistentVolumeClaims, persistentVolumes, pods, statefulSets } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Mark, Reservation, SwapStep } from '#src/domain/in-place/swap-step.ts';
import { formatSwapped, readSwapped } from '#src/domain/in-place/swapped-volume.ts';
import type { SwapWorld } from '#src/domain/in-place/swap-world.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import { assertNever, isStashError } from '#src/errors.ts';
import type { Held } from '#src/session/holding/held.ts';

import type { Newest } from './newest.ts';
import { writeRecord } from './write-record.ts';

export type Act = Exclude<SwapStep, { readonly do: 'wait' | 'take-before' | 'pause' | 'stuck' | 'done' }>;

export interface Acting {
  readonly cluster: Cluster;
  readonly held: Held<RestoreSession>;
  /** Repeats a request as long as the API server does not answer. */
  readonly persist: <T>(write: () => Promise<T>) => Promise<T>;
  /** The watched collections, which learn the answers to our writes. */
  readonly claims: Pick<Newest<PersistentVolumeClaim>, 'learn'>;
  readonly volumes: Pick<Newest<PersistentVolume>, 'learn'>;
}

const writesInFlight = 32;
const boundByController = 'pv.kubernetes.io/bound-by-controller';

/**
 * Resolves when the API server has answered every write of the step. Ignores a write that comes too late because
 * another client has changed or deleted the object: the next decision sees the present objects.
 */
export async function applySwap(acting: Acting, world: SwapWorld, step: Act): Promise<void> {
  const { cluster, held, claims, volumes } = acting;
  const { target } = world;
  const { namespace } = target;
  const at = ({ metadata }: Stored<KubernetesObject>) => ({ name: metadata.name, namespace });
  const each = async <T>(items: readonly T[], write: (item: T) => Promise<void>) => {
    await forEachBounded(items, writesInFlight, async (item) => {
      try {
        await acting.persist(() => write(item));
      } catch (error) {
        if (!isOutrun(error)) throw error;
      }
    });
  };
  const deleteClaim = async (claim: Stored<PersistentVolumeClaim>) => {
    await cluster.delete(persistentVolumeClaims, at(claim), {
      uid: claim.metadata.uid,
      // Snapshots that the claim owns must outlive it.
      propagation: 'Orphan',
    });
  };
  const finalizers = async ({ metadata }: Stored<PersistentVolumeClaim>, wanted: readonly string[]) => {
    const { name, resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion, finalizers: wanted } };
    claims.learn(await cluster.patch(persistentVolumeClaims, { name, namespace }, patch));
  };
  switch (step.do) {
    case 'mark':
      await each(step.marks, async (mark) => {
        volumes.learn(await markVolume(acting, world, mark));
      });
      return;
    case 'release-staged':
    case 'delete-claims':
      await each(step.claims, deleteClaim);
      return;
    case 'reserve':
      await each(step.reservations, async (reservation) => {
        volumes.learn(await reserve(cluster, namespace, reservation));
      });
      return;
    case 'unreserve':
      await each(step.volumes, async ({ metadata: { name, resourceVersion } }) => {
        const spec = { claimRef: { uid: world.session.metadata.uid } };
        const patch = { metadata: { resourceVersion }, spec };
        volumes.learn(await cluster.patch(persistentVolumes, { name }, patch));
      });
      return;
    case 'record':
      await writeRecord(held, step.record);
      return;
    case 'scale': {
      const { resource } = targetTypes[target.kind];
      const patch = { spec: { replicas: step.replicas } };
      await each([patch], async () => {
        await cluster.patch(resource, target, patch, { subresource: 'scale' });
      });
      return;
    }
    case 'hold':
      await each(step.claims, (claim) =>
        finalizers(claim, [...(claim.metadata.finalizers ?? []), holdFinalizer]),
      );
      return;
    case 'let-go':
      await each(step.claims, (claim) =>
        finalizers(
          claim,
          (claim.metadata.finalizers ?? []).filter((each) => each !== holdFinalizer),
        ),
      );
      return;
    case 'delete-pods':
      await each(step.pods, (pod) => cluster.delete(pods, at(pod), { uid: pod.metadata.uid }));
      return;
    case 'fill':
      await each(step.claims, async (claim) => {
        claims.learn(await cluster.create(persistentVolumeClaims, claim));
      });
      return;
    case 'give-back':
      await each(step.volumes, (volume) => giveBack(cluster, volume));
      return;
    case 'nudge': {
      const annotations = { [annotation.restoredAt]: world.now.toISOString() };
      await each([annotations], async () => {
        await cluster.patch(statefulSets, target, { metadata: { annotations } });
      });
      return;
    }
    case 'write-status':
      await held.writeStatus(step.status);
      return;
    default:
      assertNever(step);
  }
}

async function markVolume(
  { cluster }: Acting,
  { target, record, now }: SwapWorld,
  { volume, claim, role, manifest }: Mark,
): Promise<Stored<PersistentVolume>> {
  const present = await cluster.get(persistentVolumes, volume);
  const { resourceVersion } = present.metadata;
  const { persistentVolumeReclaimPolicy = 'Retain' } = present.spec;
  const before = readSwapped(present);
  const kept = manifest ?? before?.manifest;
  const swapped = {
    session: record.volumesOf,
    namespace: target.namespace,
    claim,
    target: { kind: target.kind, name: target.name },
    role,
    policy: before?.policy ?? persistentVolumeReclaimPolicy,
    since: now.toISOString(),
    ...(kept && { manifest: kept }),
  };
  return await cluster.patch(
    persistentVolumes,
    { name: volume },
    {
      metadata: {
        resourceVersion,
        labels: { [label.restoreSession]: labelValue(record.volumesOf) },
        annotations: { [annotation.swap]: formatSwapped(swapped) },
      },
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    },
  );
}

/** Makes the volume Available for the next claim of that name, on the condition that its claimRef has not changed. */
async function reserve(
  cluster: Cluster,
  namespace: string,
  { volume, claim }: Reservation,
): Promise<Stored<PersistentVolume>> {
  const { name, annotations = {} } = volume.metadata;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim };
  const patch = [
    { op: 'test', path: '/spec/claimRef/uid', value: volume.spec.claimRef?.uid },
    { op: 'replace', path: '/spec/claimRef', value: claimRef },
    ...(annotations[boundByController] === undefined
      ? []
      : [{ op: 'remove', path: `/metadata/annotations/${boundByController.replace('/', '~1')}` }]),
  ];
  return await cluster.patch(persistentVolumes, { name }, patch, { type: 'json' });
}

async function giveBack(cluster: Cluster, volume: Stored<PersistentVolume>): Promise<void> {
  const { name, resourceVersion } = volume.metadata;
  const policy = readSwapped(volume)?.policy ?? 'Retain';
  await cluster.patch(
    persistentVolumes,
    { name },
    {
      metadata: {
        resourceVersion,
        labels: { [label.restoreSession]: null },
        annotations: { [annotation.swap]: null },
      },
      spec: { persistentVolumeReclaimPolicy: policy },
    },
  );
}

/** Whether another client changed, deleted or created the object first. */
function isOutrun(error: unknown): boolean {
  return isStashError(error, 'conflict', 'not-found', 'already-exists');
}

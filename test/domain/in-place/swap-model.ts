/**
 * A namespace in which a restore in place runs: the objects, what each step of the executor does to them, and what
 * Kubernetes' controllers, and somebody who interferes, do in any order meanwhile.
 */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
  VolumeSnapshot,
} from '#src/api/kubernetes.ts';
import { holdFinalizer, label } from '#src/api/labels.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import {
  formatRecord,
  readRecord,
  type InPlaceRecord,
  type StopMethod,
} from '#src/domain/in-place/record.ts';
import type { SwapStep } from '#src/domain/in-place/swap-step.ts';
import type { SwapWorld } from '#src/domain/in-place/swap-world.ts';
import { formatSwapped, readSwapped } from '#src/domain/in-place/swapped-volume.ts';

export const namespace = 'shop';
const protection = 'kubernetes.io/pvc-protection';
const policy = 'Delete';

/** `shared`: each pod uses all claims; `each`: every pod has a claim of its own. */
export type Shape = 'shared' | 'each';

export interface Model {
  readonly shape: Shape;
  session: Stored<RestoreSession>;
  readonly claims: Map<string, Stored<PersistentVolumeClaim>>;
  readonly volumes: Map<string, Stored<PersistentVolume>>;
  readonly pods: Map<string, Stored<Pod>>;
  replicas: number;
  /** By pod that runs: the volumes that it mounts. */
  readonly mounted: Map<string, readonly string[]>;
  scaledDown: number;
  restoredAt: string | undefined;
  readonly backups: Map<string, Stored<BackupSession>>;
  readonly snapshots: Map<string, Stored<VolumeSnapshot>>;
  taken: string | undefined;
  /** Whether a pod may have written to the old volumes since the last snapshot of them. */
  written: boolean;
}

const now = new Date('2026-03-14T03:00:00Z');
let uids = 0;

function meta(name: string, more: object = {}) {
  uids += 1;
  return {
    ...{ name, namespace, uid: `uid-${uids}`, resourceVersion: String(uids) },
    ...{ creationTimestamp: now.toISOString(), ...more },
  };
}

/** Two replicas on two claims, with the new volumes staged; an earlier restore has left a volume reserved for one. */
export function modelOf(names: readonly string[], stop: StopMethod, shape: Shape): Model {
  const claims = names.map((name) => claimOf(name, `old-${name}`));
  const staged = names.map((name) => claimOf(`${name}-stash-abc123`, `new-${name}`));
  const record: InPlaceRecord = {
    ...{ v: 1, method: 'swap', stop, volumesOf: 'restore-1' },
    claims: claims.map(({ metadata }) => ({
      name: metadata.name,
      uid: metadata.uid,
      volume: `old-${metadata.name}`,
      staged: `${metadata.name}-stash-abc123`,
      incoming: `new-${metadata.name}`,
    })),
  };
  const all = [...claims, ...staged];
  const volumes = all.map(volumeOf);
  const [first = ''] = names;
  const rival = volumeOf(claimOf(first, `rival-${first}`));
  rival.spec = { persistentVolumeReclaimPolicy: 'Retain', claimRef: { namespace, name: first } };
  rival.metadata.labels = { [label.restoreSession]: 'restore-0' };
  return {
    shape,
    session: {
      ...{ apiVersion: 'stash.appscode.com/v1beta1', kind: 'RestoreSession' },
      metadata: meta('restore-1', { annotations: { [annotation.inPlace]: formatRecord(record) } }),
      ...{ spec: {}, status: { phase: 'Running' } },
    },
    claims: new Map(all.map((claim) => [claim.metadata.name, claim])),
    volumes: new Map([rival, ...volumes].map((volume) => [volume.metadata.name, volume])),
    pods: new Map(),
    replicas: 2,
    mounted: new Map(),
    scaledDown: 0,
    restoredAt: undefined,
    backups: new Map(),
    snapshots: new Map(),
    taken: undefined,
    written: true,
  };
}

/** The same, if the claims are created again from snapshots. */
export function recreateModelOf(names: readonly string[], stop: StopMethod, shape: Shape): Model {
  const model = modelOf([], stop, shape);
  for (const name of names) {
    const claim = claimOf(name, `old-${name}`);
    model.claims.set(name, claim);
    model.volumes.set(`old-${name}`, volumeOf(claim));
    model.snapshots.set(`point-${name}`, snapshotOf(`point-${name}`, name, 'point'));
  }
  const record: InPlaceRecord = {
    ...{ v: 1, method: 'recreate', stop, volumesOf: 'restore-1', before: 'before-restore-1' },
    claims: names.map((name) => ({
      ...{ name, uid: model.claims.get(name)?.metadata.uid ?? '' },
      ...{ volume: `old-${name}`, snapshot: `point-${name}` },
    })),
  };
  model.session.metadata.annotations = { [annotation.inPlace]: formatRecord(record) };
  const volumeClaimTemplates = names.map((name) => ({
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce' as const],
      resources: { requests: { storage: '1Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: `point-${name}` },
    },
  }));
  model.session.spec = { driver: 'VolumeSnapshotter', target: { replicas: 1, volumeClaimTemplates } };
  return model;
}

function snapshotOf(name: string, claim: string, session: string): Stored<VolumeSnapshot> {
  return {
    ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot' },
    metadata: meta(name, { annotations: { [annotation.sessionName]: session } }),
    spec: { source: { persistentVolumeClaimName: claim } },
    status: { readyToUse: true },
  };
}

function takeSnapshots(model: Model, session: string, count: number): void {
  const claims = readRecord(model.session)?.claims ?? [];
  const backup = model.backups.get(session) ?? {
    ...{ apiVersion: 'stash.appscode.com/v1beta1', kind: 'BackupSession', metadata: meta(session) },
    ...{
      spec: { invoker: { kind: 'BackupConfiguration', name: 'deploy-web' } },
      status: { phase: 'Running' },
    },
  };
  if (count > 0 && !model.backups.has(session)) model.taken = session;
  if (count > 0) model.backups.set(session, backup);
  if (count < claims.length) return;
  for (const { name } of claims) {
    const it = snapshotOf(`${session}-${name}`, name, session);
    model.snapshots.set(it.metadata.name, it);
  }
  backup.status = { phase: 'Succeeded' };
  model.written = model.mounted.size > 0;
}

function claimOf(name: string, volumeName: string): Stored<PersistentVolumeClaim> {
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: meta(name, { finalizers: [protection] }),
    spec: { accessModes: ['ReadWriteOnce'], ...(volumeName !== '' && { volumeName }) },
    status: { phase: volumeName === '' ? 'Pending' : 'Bound' },
  };
}

function volumeOf({ metadata, spec }: Stored<PersistentVolumeClaim>): Stored<PersistentVolume> {
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume' },
    metadata: meta(spec.volumeName ?? ''),
    spec: {
      persistentVolumeReclaimPolicy: policy,
      claimRef: { namespace, name: metadata.name, uid: metadata.uid },
    },
    status: { phase: 'Bound' },
  };
}

export function worldOf(model: Model): SwapWorld {
  const record = readRecord(model.session);
  if (!record) throw new Error('no record');
  return {
    ...{ now, session: model.session, record, target: { kind: 'Deployment', name: 'web', namespace } },
    ...{ replicas: model.replicas, scaledDown: model.scaledDown, restoredAt: model.restoredAt },
    claims: new Map(model.claims),
    volumes: new Map(
      [...model.volumes].filter(([, { metadata }]) => metadata.labels?.[label.restoreSession] !== undefined),
    ),
    pods: [...model.pods.values()],
    backup: model.backups.get(record.before ?? ''),
    snapshots: new Map(model.snapshots),
    taken: model.taken,
  };
}

/** Carries out the first `count` writes of a step: an executor may die in between. */
export function apply(model: Model, step: SwapStep, count = Infinity): void {
  const { claims, volumes, pods } = model;
  const first = <T>(items: readonly T[]) => items.slice(0, count);
  switch (step.do) {
    case 'mark':
      for (const { volume, claim, role, manifest } of first(step.marks)) {
        const it = volumes.get(volume);
        if (!it) continue;
        const before = readSwapped(it);
        const kept = manifest ?? before?.manifest;
        const said = formatSwapped({
          ...{ session: 'restore-1', namespace, claim, target: { kind: 'Deployment', name: 'web' }, role },
          policy: before?.policy ?? it.spec.persistentVolumeReclaimPolicy ?? 'Retain',
          since: now.toISOString(),
          ...(kept && { manifest: kept }),
        });
        it.metadata.labels = { [label.restoreSession]: 'restore-1' };
        it.metadata.annotations = { [annotation.swap]: said };
        it.spec.persistentVolumeReclaimPolicy = 'Retain';
      }
      return;
    case 'release-staged':
    case 'delete-claims':
      for (const { metadata } of first(step.claims)) remove(model, metadata.name, metadata.uid);
      return;
    case 'reserve':
      for (const { volume, claim } of first(step.reservations)) {
        const it = volumes.get(volume.metadata.name);
        if (it && it.spec.claimRef?.uid === volume.spec.claimRef?.uid)
          it.spec.claimRef = { namespace, name: claim };
      }
      return;
    case 'unreserve':
      for (const { metadata } of first(step.volumes)) {
        const it = volumes.get(metadata.name);
        if (it) it.spec.claimRef = { ...it.spec.claimRef, uid: 'dead' };
      }
      return;
    case 'record':
      model.session.metadata.annotations = { [annotation.inPlace]: formatRecord(step.record) };
      return;
    case 'scale':
      model.replicas = step.replicas;
      if (step.replicas > 0) return;
      model.scaledDown += 1;
      model.taken = undefined;
      return;
    case 'take-before':
      takeSnapshots(model, step.name, count);
      return;
    case 'hold':
      for (const { metadata } of first(step.claims)) {
        const it = claims.get(metadata.name);
        if (it?.metadata.uid !== metadata.uid || it.metadata.deletionTimestamp !== undefined) continue;
        it.metadata.finalizers = [...new Set([...(it.metadata.finalizers ?? []), holdFinalizer])];
      }
      return;
    case 'let-go':
      for (const { metadata } of first(step.claims)) {
        const it = claims.get(metadata.name);
        if (it?.metadata.uid === metadata.uid)
          it.metadata.finalizers = (it.metadata.finalizers ?? []).filter((each) => each !== holdFinalizer);
      }
      return;
    case 'delete-pods':
      for (const { metadata } of first(step.pods)) {
        const it = pods.get(metadata.name);
        if (it) it.metadata.deletionTimestamp = now.toISOString();
      }
      return;
    case 'fill':
      for (const claim of first(step.claims)) {
        if (claims.has(claim.metadata.name)) continue;
        const made = claimOf(claim.metadata.name, '');
        claims.set(claim.metadata.name, { ...made, spec: claim.spec, status: { phase: 'Pending' } });
      }
      return;
    case 'give-back':
      for (const { metadata } of first(step.volumes)) {
        const it = volumes.get(metadata.name);
        const said = it && readSwapped(it);
        if (!said) continue;
        it.spec.persistentVolumeReclaimPolicy = said.policy;
        it.metadata.labels = {};
        it.metadata.annotations = {};
      }
      return;
    case 'nudge':
      model.restoredAt = now.toISOString();
      return;
    case 'write-status':
      model.session.status = step.status(model.session.status);
      return;
    case 'wait':
    case 'pause':
    case 'stuck':
    case 'done':
      return;
  }
}

function remove({ claims }: Model, name: string, uid?: string): void {
  const it = claims.get(name);
  if (it && (uid === undefined || it.metadata.uid === uid)) it.metadata.deletionTimestamp = now.toISOString();
}

const namesOf = (pod: Stored<Pod>) =>
  (pod.spec.volumes ?? []).map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? '');

/** Each is one act of a controller, or of the node; it does nothing if it has nothing to do. */
export const controllers: readonly ((model: Model) => boolean)[] = [
  function releaseVolume({ claims, volumes }) {
    const it = [...volumes.values()].find(({ spec: { claimRef }, status }) => {
      const uid = claimRef?.uid ?? '';
      return (
        uid !== '' && status?.phase !== 'Released' && claims.get(claimRef?.name ?? '')?.metadata.uid !== uid
      );
    });
    if (it) it.status = { phase: 'Released' };
    return it !== undefined;
  },
  function makeAvailable({ volumes }) {
    const it = [...volumes.values()].find(
      ({ spec, status }) => (spec.claimRef?.uid ?? '') === '' && status?.phase !== 'Available',
    );
    if (it) it.status = { phase: 'Available' };
    return it !== undefined;
  },
  function reclaim({ volumes }) {
    const it = [...volumes.values()].find(
      ({ spec, status }) => status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Delete',
    );
    if (it) volumes.delete(it.metadata.name);
    return it !== undefined;
  },
  function bind(model) {
    const { claims, volumes } = model;
    const claim = [...claims.values()].find(({ status }) => status?.phase === 'Pending');
    if (!claim) return false;
    const { name, uid } = claim.metadata;
    const asked = claim.spec.volumeName;
    const volume =
      asked === undefined
        ? [...volumes.values()].find(
            ({ spec: { claimRef }, status }) =>
              claimRef?.name === name && (claimRef.uid ?? '') === '' && status?.phase === 'Available',
          )
        : volumes.get(asked);
    const source = model.snapshots.get(claim.spec.dataSource?.name ?? '');
    if (claim.spec.dataSource && !source) return false;
    const volumeName = source ? `new-${uid}` : `empty-${uid}`;
    const bound = volume ?? volumeOf({ ...claim, spec: { ...claim.spec, volumeName } });
    if (asked !== undefined && (bound.spec.claimRef?.name !== name || (bound.spec.claimRef.uid ?? '') !== ''))
      return false;
    volumes.set(bound.metadata.name, bound);
    bound.spec.claimRef = { namespace, name, uid };
    bound.status = { phase: 'Bound' };
    claim.spec.volumeName = bound.metadata.name;
    claim.status = { phase: 'Bound' };
    return true;
  },
  function unprotect(model) {
    const it = [...model.claims.values()].find(
      ({ metadata }) =>
        metadata.deletionTimestamp !== undefined &&
        metadata.finalizers?.includes(protection) === true &&
        ![...model.pods.values()].some(
          (pod) => pod.spec.nodeName !== undefined && namesOf(pod).includes(metadata.name),
        ),
    );
    if (it) it.metadata.finalizers = it.metadata.finalizers?.filter((each) => each !== protection) ?? [];
    return it !== undefined;
  },
  function collect({ claims }) {
    const it = [...claims.values()].find(
      ({ metadata }) => metadata.deletionTimestamp !== undefined && metadata.finalizers?.length === 0,
    );
    if (it) claims.delete(it.metadata.name);
    return it !== undefined;
  },
  function replicate(model) {
    const { pods, replicas } = model;
    const lasting = [...pods.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const extra = lasting[replicas];
    if (extra) {
      extra.metadata.deletionTimestamp = now.toISOString();
      return true;
    }
    if (lasting.length >= replicas) return false;
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true };
    const metadata = meta(`web-${uids}`, { ownerReferences: [owner] });
    const all = readRecord(model.session)?.claims.map(({ name }) => name) ?? [];
    const taken = lasting.flatMap(namesOf);
    const names = model.shape === 'shared' ? all : all.filter((name) => !taken.includes(name)).slice(0, 1);
    const volumes = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
    pods.set(metadata.name, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata },
      spec: { containers: [], volumes },
      status: { phase: 'Pending' },
    });
    return true;
  },
  function schedule({ pods, claims }) {
    const it = [...pods.values()].find(
      (pod) =>
        pod.spec.nodeName === undefined &&
        pod.metadata.deletionTimestamp === undefined &&
        namesOf(pod).every((name) => {
          const claim = claims.get(name);
          return claim?.status?.phase === 'Bound' && claim.metadata.deletionTimestamp === undefined;
        }),
    );
    if (it) it.spec.nodeName = 'node-1';
    return it !== undefined;
  },
  function start(model) {
    const { pods, claims, mounted } = model;
    const it = [...pods.values()].find(
      (pod) =>
        pod.spec.nodeName !== undefined &&
        !mounted.has(pod.metadata.name) &&
        pod.metadata.deletionTimestamp === undefined &&
        namesOf(pod).every((name) => {
          const claim = claims.get(name);
          return claim?.status?.phase === 'Bound' && claim.metadata.finalizers?.includes(protection) === true;
        }),
    );
    if (!it) return false;
    mounted.set(
      it.metadata.name,
      namesOf(it).map((name) => claims.get(name)?.spec.volumeName ?? ''),
    );
    it.status = { phase: 'Running' };
    if ([...mounted.values()].flat().some((name) => name.startsWith('old-'))) model.written = true;
    return true;
  },
  function end({ pods, mounted }) {
    const it = [...pods.values()].find(({ metadata }) => metadata.deletionTimestamp !== undefined);
    if (!it) return false;
    pods.delete(it.metadata.name);
    mounted.delete(it.metadata.name);
    return true;
  },
];

/** Somebody deletes a volume that no claim has: a bound one is protected. */
export function deleteNewVolume({ volumes }: Model): void {
  const it = [...volumes.values()].find(
    ({ metadata, status }) => metadata.name.startsWith('new-') && status?.phase !== 'Bound',
  );
  if (it) volumes.delete(it.metadata.name);
}

/** Each is something that another client may do at any moment. */
export const saboteurs: readonly ((model: Model) => void)[] = [
  function recreateClaim({ claims, session }) {
    const missing = readRecord(session)?.claims.find(({ name }) => !claims.has(name));
    if (missing) claims.set(missing.name, claimOf(missing.name, ''));
  },
  function killPod({ pods }) {
    const [it] = pods.values();
    if (it) it.metadata.deletionTimestamp ??= now.toISOString();
  },
  function scaleBack(model) {
    model.replicas = 2;
  },
];

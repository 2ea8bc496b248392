/** Provisions the volume that a claim asks for, empty or from a snapshot. */
import { setTimeout as sleep } from 'node:timers/promises';

import type {
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  Stored,
  VolumeSnapshotContent,
} from '#src/api/kubernetes.ts';
import { nodes, persistentVolumeClaims, storageClasses, volumeSnapshots } from '#src/api/resources.ts';
import { driverName, rpcError } from '#src/sandbox/storage/driver.ts';
import { StorageError } from '#src/sandbox/storage/storage.ts';

import { formatQuantity, parseQuantity } from '#src/sandbox/quantity.ts';
import { claimNamesOf } from './claim-users.ts';
import { Retry } from './reconciler.ts';
import type { World } from './world.ts';
import { ensure, patchSeen } from './writes.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

export const selectedNode = 'volume.kubernetes.io/selected-node';
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';
export const provisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
/** Annotations by which a provisioner recognizes the claims that it has to provision. */
const provisionerAnnotations = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
];

const rejectAfterMs = 500;

class SourceError extends Error {}

/** Returns true if the claim's class uses WaitForFirstConsumer. */
export function isDelayed(world: Pick<World, 'storageClasses'>, { spec }: Claim): boolean {
  const storageClass = world.storageClasses.get(spec.storageClassName ?? '');
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** Returns a function that provisions a claim's volume. */
export function provisioner(world: World): (claim: Claim) => Promise<Volume | undefined> {
  const { volumes, cluster } = world;

  /**
   * Resolves with a new volume for the claim, or undefined if the claim has to wait for an event that a watch
   * will report.
   */
  async function provision(claim: Claim): Promise<Volume | undefined> {
    const className = claim.spec.storageClassName ?? '';
    if (className === '') {
      const message = 'no persistent volumes available for this claim and no storage class is set';
      tell(claim, 'Normal', 'FailedBinding', message);
      return undefined;
    }
    const storageClass = world.storageClasses.get(className);
    if (!storageClass) {
      const message = `${storageClasses.plural}.${storageClasses.group} "${className}" not found`;
      tell(claim, 'Warning', 'ProvisioningFailed', message.replace('storageclasses', 'storageclass'));
      return undefined;
    }
    if (isDelayed(world, claim) && claim.metadata.annotations?.[selectedNode] === undefined) {
      recordWait(claim);
      return undefined;
    }
    const { provisioner: driver } = storageClass;
    const annotations = Object.fromEntries(provisionerAnnotations.map((key) => [key, driver]));
    const isMarked = provisionerAnnotations.every((key) => claim.metadata.annotations?.[key] === driver);
    const marked = isMarked
      ? claim
      : await patchSeen(cluster, world.claims, claim, { metadata: { annotations } });
    tell(marked, 'Normal', 'ExternalProvisioning', waitingFor(driver));
    return driver === driverName ? makeVolume(marked, storageClass) : undefined;
  }

  function recordWait(claim: Claim): void {
    const waiting = world.pods
      .list(claim.metadata.namespace)
      .filter((pod) => pod.spec.nodeName === undefined && claimNamesOf(pod).includes(claim.metadata.name))
      .map(({ metadata }) => metadata.name);
    if (waiting.length === 0) {
      const message = 'waiting for first consumer to be created before binding';
      tell(claim, 'Normal', 'WaitForFirstConsumer', message);
    } else {
      const who = `${waiting.length > 1 ? 'pods' : 'pod'} ${waiting.join(',')}`;
      tell(claim, 'Normal', 'WaitForPodScheduled', `waiting for ${who} to be scheduled`);
    }
  }

  async function makeVolume(claim: Claim, storageClass: Stored<StorageClass>): Promise<Volume | undefined> {
    const { name, namespace = '', uid } = claim.metadata;
    tell(
      claim,
      'Normal',
      'Provisioning',
      `External provisioner is provisioning volume for claim "${namespace}/${name}"`,
    );
    const volumeName = `pvc-${uid}`;
    const bytes = Math.ceil(parseQuantity(claim.spec.resources?.requests?.storage) ?? 0);
    const node = claim.metadata.annotations?.[selectedNode];
    if (node !== undefined && !(await isNode(node))) {
      tell(claim, 'Warning', 'ProvisioningFailed', `node "${node}" not found`);
      await rejectNode(claim);
      return undefined;
    }
    try {
      if (claim.spec.selector) throw new SourceError('claim Selector is not supported');
      const fromSnapshot = sourceHandle(claim, bytes);
      await world.driver.createVolume({
        name: volumeName,
        ...{ bytes, fromSnapshot, isBlock: claim.spec.volumeMode === 'Block' },
        parameters: storageClass.parameters,
      });
    } catch (error) {
      if (world.signal.aborted) throw new Retry();
      const why = error instanceof SourceError ? error.message : rpcError(error);
      const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${why}`;
      tell(claim, 'Warning', 'ProvisioningFailed', message);
      const isFull = error instanceof StorageError && error.code === 'ResourceExhausted';
      if (!isFull || node === undefined) throw new Retry(message);
      await rejectNode(claim);
      return undefined;
    }
    const volume = await ensure(cluster, volumes, volumeFor(claim, storageClass, volumeName, bytes));
    tell(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volumeName}`);
    return volume;
  }

  async function isNode(name: string): Promise<boolean> {
    const { items } = await cluster.list(nodes);
    return items.some(({ metadata }) => metadata.name === name);
  }

  /** The scheduler chooses again for the claim's pods: not at once, or both would go on without a pause. */
  async function rejectNode(claim: Claim): Promise<void> {
    await sleep(rejectAfterMs, undefined, { signal: world.signal });
    await patchSeen(cluster, world.claims, claim, { metadata: { annotations: { [selectedNode]: null } } });
  }

  /** Returns the handle of the snapshot that fills the claim. Throws SourceError. */
  function sourceHandle(claim: Claim, bytes: number): string | undefined {
    const source = claim.spec.dataSourceRef ?? claim.spec.dataSource;
    if (!source) return undefined;
    const fail = (why: string): SourceError =>
      new SourceError(
        `error getting handle for DataSource Type ${source.kind} by Name ${source.name}: ${why}`,
      );
    if (source.kind !== volumeSnapshots.kind || source.apiGroup !== volumeSnapshots.group) {
      throw fail('the sandbox supports only snapshots as a data source');
    }
    const snapshot = world.snapshots.get(source.name, claim.metadata.namespace);
    if (!snapshot) {
      const resource = `${volumeSnapshots.plural}.${volumeSnapshots.group}`;
      throw fail(
        `error getting snapshot ${source.name} from api server: ${resource} "${source.name}" not found`,
      );
    }
    if (snapshot.metadata.deletionTimestamp !== undefined)
      throw fail(`snapshot ${source.name} is being deleted`);
    const { boundVolumeSnapshotContentName: contentName, readyToUse, restoreSize } = snapshot.status ?? {};
    const content = world.contents.get(contentName ?? '');
    const isBound = content?.spec.volumeSnapshotRef.uid === snapshot.metadata.uid;
    if (!isBound || content.spec.driver !== driverName) throw fail(`snapshot ${source.name} not bound`);
    if (readyToUse !== true) throw fail(`snapshot ${source.name} is not Ready`);
    if (content.status?.snapshotHandle === undefined)
      throw fail(`snapshot handle ${source.name} is not available`);
    const least = parseQuantity(restoreSize) ?? 0;
    if (bytes < least) {
      throw fail(
        `requested volume size ${bytes} is less than the size ${least} for the source snapshot ${source.name}`,
      );
    }
    const why = modeConversionError(claim, content);
    if (why !== undefined) throw fail(why);
    return content.status.snapshotHandle;
  }

  function tell(claim: Claim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    world.event(persistentVolumeClaims, claim, type, reason, message);
  }

  return provision;
}

const permission = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';

/** Returns why the snapshot cannot fill a claim of another volumeMode, or undefined if it can. */
function modeConversionError(
  { metadata, spec }: Claim,
  content: Stored<VolumeSnapshotContent>,
): string | undefined {
  const { sourceVolumeMode } = content.spec;
  if (sourceVolumeMode === undefined || sourceVolumeMode === spec.volumeMode) return undefined;
  const given = content.metadata.annotations?.[permission];
  if (/^(1|t|T|true|TRUE|True)$/.test(given ?? '')) return undefined;
  const which = `snapshotcontent ${content.metadata.name}`;
  const why =
    given === undefined
      ? `${permission} annotation is not present on ${which}`
      : /^(0|f|F|false|FALSE|False)$/.test(given)
        ? `${permission} is set to false on ${which}`
        : `failed to convert ${permission} annotation value to boolean with error: ` +
          `strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax`;
  const what = `requested volume ${metadata.namespace ?? ''}/${metadata.name} modifies the mode of the source volume`;
  return `${what} but does not have permission to do so. ${why}`;
}

function waitingFor(provisioner: string): string {
  return (
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the ` +
    'system administrator. If volume creation is delayed, please verify that the provisioner is running and ' +
    'correctly registered.'
  );
}

function volumeFor(
  { metadata, spec }: Claim,
  storageClass: Stored<StorageClass>,
  name: string,
  bytes: number,
): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [provisionedBy]: driverName },
      finalizers: [provisionerFinalizer],
    },
    spec: {
      capacity: { storage: formatQuantity(bytes) },
      accessModes: spec.accessModes ?? ['ReadWriteOnce'],
      volumeMode: spec.volumeMode ?? 'Filesystem',
      storageClassName: storageClass.metadata.name,
      ...(spec.volumeAttributesClassName !== undefined && {
        volumeAttributesClassName: spec.volumeAttributesClassName,
      }),
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      claimRef: {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
        ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
        name: metadata.name,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      csi: { driver: driverName, volumeHandle: name },
      ...placed(storageClass),
    },
  };
}

/** A volume is in one place: the first one that its class allows. */
function placed({ allowedTopologies = [] }: StorageClass): Pick<PersistentVolume['spec'], 'nodeAffinity'> {
  const [first] = allowedTopologies;
  if (first === undefined) return {};
  const matchExpressions = (first.matchLabelExpressions ?? []).map(({ key, values }) => ({
    key,
    operator: 'In' as const,
    values: values.slice(0, 1),
  }));
  return { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } };
}

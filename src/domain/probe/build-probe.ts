/**
 * Builds the objects that `doctor --probe` creates. The Job that writes the data comes first and owns all others. The
 * command deletes that Job, or Kubernetes does after its time to live, and the garbage collector deletes the rest (ADR
 * 25).
 */
import { imageRepository, type Component } from '#src/api/operator.ts';
import type {
  Container,
  Job,
  Named,
  ObjectMeta,
  PersistentVolumeClaim,
  Stored,
  VolumeSnapshot,
} from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import { containerSecurity, podSecurity } from '#src/domain/operator/pod-template.ts';

export interface ProbeWishes {
  /** The name of all objects: `stash-probe-1a2b3c4d`. */
  readonly name: string;
  readonly namespace: string;
  /** The size of the claims: `1Gi`. */
  readonly size: string;
  readonly storageClass: string;
  readonly snapshotClass: string;
  readonly image: string;
  /** How long the probe may take. */
  readonly limitSeconds: number;
}

const component: Component = 'probe';

/** The selector of all objects of all probes. */
export const probeSelector = `${label.component}=${component}`;

/** The command's own limit passes first, because its error says more than a Job that Kubernetes ends. */
const spareSeconds = 60;

const mountPath = '/probe';
const dataPath = `${mountPath}/data`;
const resultPath = '/dev/termination-log';
/** A user ID that owns no files in any image. */
const user = 65_532;

/** Builds the Job that writes random bytes, and owns all other objects of the probe. */
export function buildWriter(wishes: ProbeWishes): Named<Job> {
  const job = buildJob(wishes, { name: wishes.name, claim: sourceName(wishes), verb: 'write' });
  // The probe continues after the Job's end.
  const ttlSecondsAfterFinished = wishes.limitSeconds + spareSeconds;
  return { ...job, spec: { ...job.spec, template: job.spec.template, ttlSecondsAfterFinished } };
}

/** Builds the Job that reads the bytes from the restored claim. */
export function buildReader(wishes: ProbeWishes, owner: Stored<Job>): Named<Job> {
  const name = `${wishes.name}-read`;
  const job = buildJob(wishes, { name, claim: restoredName(wishes), verb: 'read' });
  return { ...job, metadata: { ...job.metadata, ...ownedBy(owner) } };
}

export function buildSource(wishes: ProbeWishes, owner: Stored<Job>): Named<PersistentVolumeClaim> {
  return buildClaim(wishes, sourceName(wishes), ownedBy(owner));
}

export function buildSnapshotOfSource(wishes: ProbeWishes, owner: Stored<Job>): Named<VolumeSnapshot> {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { ...metadataOf(wishes, wishes.name), ...ownedBy(owner) },
    spec: {
      source: { persistentVolumeClaimName: sourceName(wishes) },
      volumeSnapshotClassName: wishes.snapshotClass,
    },
  };
}

export function buildRestored(wishes: ProbeWishes, owner?: Stored<Job>): Named<PersistentVolumeClaim> {
  const claim = buildClaim(wishes, restoredName(wishes), owner && ownedBy(owner));
  const dataSource = {
    apiGroup: 'snapshot.storage.k8s.io',
    kind: 'VolumeSnapshot',
    name: wishes.name,
  };
  return { ...claim, spec: { ...claim.spec, dataSource } };
}

/** Whether the Job is left over from a probe whose command has died: no probe takes so long. */
export function isLeftOver({ metadata, spec }: Stored<Job>, now: Date): boolean {
  const { activeDeadlineSeconds = 0, ttlSecondsAfterFinished = 0 } = spec ?? {};
  const longest = (activeDeadlineSeconds + ttlSecondsAfterFinished) * 1000;
  return Date.parse(metadata.creationTimestamp) + longest < now.getTime();
}

export function sourceName({ name }: Pick<ProbeWishes, 'name'>): string {
  return `${name}-source`;
}

export function restoredName({ name }: Pick<ProbeWishes, 'name'>): string {
  return `${name}-restored`;
}

function buildClaim(
  wishes: ProbeWishes,
  name: string,
  owned: Pick<ObjectMeta, 'ownerReferences'> | undefined,
): Named<PersistentVolumeClaim> {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...metadataOf(wishes, name), ...owned },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: wishes.storageClass,
      resources: { requests: { storage: wishes.size } },
    },
  };
}

function buildJob(
  wishes: ProbeWishes,
  { name, claim, verb }: { readonly name: string; readonly claim: string; readonly verb: 'write' | 'read' },
): Named<Job> & { readonly spec: NonNullable<Job['spec']> } {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(wishes, name),
    spec: {
      // A second attempt would write other bytes.
      backoffLimit: 0,
      activeDeadlineSeconds: wishes.limitSeconds + spareSeconds,
      template: {
        metadata: { labels: labels() },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { ...podSecurity, runAsUser: user, runAsGroup: user, fsGroup: user },
          containers: [
            {
              name: component,
              ...programOf(wishes.image, verb),
              image: wishes.image,
              resources: { requests: { cpu: '10m', memory: '64Mi' } },
              terminationMessagePath: resultPath,
              terminationMessagePolicy: 'FallbackToLogsOnError',
              securityContext: containerSecurity,
              volumeMounts: [{ name: 'probe', mountPath }],
            },
          ],
          volumes: [{ name: 'probe', persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  };
}

/**
 * Runs this program in our image, which has no shell, and a shell in any other image. Both write the SHA-256 of the
 * data as the termination message.
 */
function programOf(image: string, verb: 'write' | 'read'): Pick<Container, 'command' | 'args'> {
  if (isProgram(image))
    return { args: ['operator', 'probe-volume', `--${verb}`, dataPath, '--result', resultPath] };
  const sum = `sha256sum < ${dataPath} > ${resultPath}`;
  const write = `dd if=/dev/urandom of=${dataPath} bs=65536 count=64 conv=fsync 2>&1`;
  return { command: ['/bin/sh', '-c', verb === 'write' ? `${write} && ${sum}` : sum] };
}

/** Whether the image is ours, or a copy of it in another registry: `registry.example.com/kubectl-stash:v1`. */
function isProgram(image: string): boolean {
  const nameOf = (reference: string) => reference.replace(/^.*\//, '').replace(/[:@].*$/, '');
  return nameOf(image) === nameOf(imageRepository);
}

function metadataOf({ namespace }: ProbeWishes, name: string): ObjectMeta & { readonly name: string } {
  return { name, namespace, labels: labels() };
}

function labels(): Record<string, string> {
  return { [label.managedBy]: managedBy, [label.component]: component };
}

function ownedBy({
  apiVersion,
  kind,
  metadata: { name, uid },
}: Stored<Job>): Required<Pick<ObjectMeta, 'ownerReferences'>> {
  return { ownerReferences: [{ apiVersion, kind, name, uid }] };
}

/** The steps by which a person restores in place: nothing that a claim holds now is lost by them. */
import type { PersistentVolume, Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { persistentVolumes, statefulSets } from '#src/api/resources.ts';

import { formatRight, type Right } from '#src/domain/rights.ts';
import { matches } from '#src/domain/workload/selector.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import type { ClaimInTheWay } from './claims-in-the-way.ts';
import { restoreCommand, type RestoreWords } from './restore-command.ts';

/** What has to be known before steps are proposed that delete claims or scale a workload down. */
export interface Keeping {
  /** By claim: its volume, where it has one; undefined: the user may not read volumes. */
  readonly volumes: ReadonlyMap<string, Stored<PersistentVolume>> | undefined;
  /** Those of `rightsToKeep` that the user does not have. */
  readonly lacking: readonly Right[];
  /** The restored claims may wait for a first pod: `restore` then ends with another exit code than 0. */
  readonly mayBindLate: boolean;
  /** For messages. */
  readonly user: string;
}

/** What the steps need lest they lose data. `stopped`: the workload that they scale down. */
export function rightsToKeep(
  volumes: readonly Stored<PersistentVolume>[],
  stopped: Workload | undefined,
): Right[] {
  return [
    ...(volumes.some(isDeletedWithClaim) ? ([{ verb: 'patch', resource: persistentVolumes }] as const) : []),
    ...(deletesWhenScaled(stopped) ? ([{ verb: 'patch', resource: statefulSets }] as const) : []),
  ];
}

/** Why no steps can be proposed; undefined where they can. */
export function whyNotInPlace({ volumes, lacking, user }: Keeping, target: Target): string | undefined {
  if (volumes === undefined) {
    return `in place is not offered: user "${user}" may not get persistentvolumes, and a volume may be deleted with its claim, on some drivers with its snapshots`;
  }
  const [right] = lacking;
  if (right === undefined) return undefined;
  const loss =
    right.resource.kind === 'PersistentVolume'
      ? 'a volume would be deleted with its claim, on some drivers with its snapshots'
      : `${formatTarget(target)} deletes the claims of the replicas that it is scaled down by`;
  return `in place is not offered: user "${user}" may not ${formatRight(right)}, and ${loss}`;
}

/** The same of what holds the claims, where no step of ours makes it let go of them. */
export function whyHeld(ways: readonly ClaimInTheWay[], words: RestoreWords): string | undefined {
  const stopped = workloadToStop(ways, words);
  const running = namesOf(
    ways.flatMap(({ pods }) => pods),
    ({ metadata }) => !(stopped && matches(stopped.spec.selector, metadata.labels)),
  );
  if (running.length > 0) {
    return `in place is not offered yet: stop pod ${running.join(', ')} first, then the same command says how`;
  }
  // One that its driver refuses may never be ready.
  const failing = ways.flatMap(({ unready }) => unready).find(({ status }) => status?.error !== undefined);
  if (failing === undefined) return undefined;
  const claim = failing.spec.source.persistentVolumeClaimName ?? '';
  return `in place is not offered: snapshot ${failing.metadata.name} has failed, and claim ${claim} stays until that is ready or deleted`;
}

/** The workload, where it runs pods that have to go; undefined: the claims are no claims of its own, or it runs none. */
export function workloadToStop(
  ways: readonly ClaimInTheWay[],
  words: RestoreWords,
): Stored<Workload> | undefined {
  const isOwn = ways.some(({ claim: { metadata } }) => words.names.get(metadata.name) === metadata.name);
  return isOwn && runningReplicas(words) > 0 ? words.workload : undefined;
}

/** A line for each, as they are pasted one after the other: what could lose data is not begun where the line before fails. */
export function inPlaceSteps(
  ways: readonly ClaimInTheWay[],
  words: RestoreWords,
  { volumes = new Map(), mayBindLate }: Keeping,
): string[] {
  const { target, from, flags } = words;
  const at = `-n ${target.namespace}`;
  const names = ways.map(({ claim }) => claim.metadata.name);
  const stopped = workloadToStop(ways, words);
  // A StatefulSet that is scaled down deletes its pods whatever their phase; a ReplicaSet leaves those that have ended.
  const ended = namesOf(
    ways.flatMap((way) => way.ended),
    (pod) => !(stopped && target.kind === 'StatefulSet' && isOwnedBy(pod, stopped)),
  );
  const unready = ways.flatMap((way) => way.unready.map(({ metadata }) => metadata.name));
  const leaving = ways.some(({ claim }) => claim.metadata.deletionTimestamp !== undefined);
  const before = [
    // First of all: a claim that is being deleted goes as soon as the last that holds it lets go.
    ...names.flatMap((name) => {
      const volume = volumes.get(name);
      return volume && isDeletedWithClaim(volume) ? [retain(volume)] : [];
    }),
    ...unready.map(
      (name) =>
        `kubectl wait volumesnapshot/${name} ${at} --for=jsonpath={.status.readyToUse}=true --timeout=10m`,
    ),
    ...(ended.length === 0 ? [] : [`kubectl delete pod ${ended.join(' ')} ${at}`]),
  ];
  const steps = [
    `kubectl delete persistentvolumeclaim ${names.join(' ')} ${at}${leaving ? ' --ignore-not-found' : ''}`,
    restoreCommand(target, from, flags),
  ];
  return chained([...before, ...(stopped ? whileStopped(words, steps) : steps)], mayBindLate);
}

/** Steps between which the workload runs no pods, and its StatefulSet deletes no claims. */
export function whileStopped(words: RestoreWords, steps: readonly string[]): string[] {
  const { target, workload } = words;
  const of = `${formatTarget(target)} -n ${target.namespace}`;
  const scale = (count: number) => `kubectl scale ${of} --replicas=${count}`;
  const whenScaled = (policy: string) =>
    `kubectl patch ${of} -p '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"${policy}"}}}'`;
  const stopped = [scale(0), ...steps, scale(runningReplicas(words))];
  // One object holds both fields: its controller never sees the scale without the policy that goes with it.
  return deletesWhenScaled(workload) ? [whenScaled('Retain'), ...stopped, whenScaled('Delete')] : stopped;
}

/** 0: there is nothing to scale down. */
export function runningReplicas({ target, workload }: RestoreWords): number {
  if (workload === undefined || target.kind === 'DaemonSet') return 0;
  return workload.spec.replicas ?? 1;
}

/**
 * Each goes on only where the one before it succeeded; but what comes after a restore whose claims wait for a first pod
 * is what starts that pod.
 */
export function chained(steps: readonly string[], mayBindLate: boolean): string[] {
  return steps.map((step, index) => {
    const isLast = index === steps.length - 1;
    return isLast || (mayBindLate && step.startsWith('kubectl stash restore ')) ? step : `${step} &&`;
  });
}

function deletesWhenScaled(workload: Workload | undefined): boolean {
  return workload?.spec.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete';
}

function isDeletedWithClaim({ spec }: PersistentVolume): boolean {
  return spec.persistentVolumeReclaimPolicy !== 'Retain';
}

function retain({ metadata }: Stored<PersistentVolume>): string {
  return `kubectl patch persistentvolume ${metadata.name} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`;
}

const mostNamed = 2;

/** What becomes of the volumes that the claims have now, and how to get rid of them. */
export function keptVolumes(ways: readonly ClaimInTheWay[], known: Keeping['volumes']): string {
  const volumes = ways.flatMap(({ claim }) => known?.get(claim.metadata.name) ?? []);
  if (volumes.length === 0) return '';
  const names = volumes.slice(0, mostNamed).map(({ metadata }) => metadata.name);
  const more = volumes.length > mostNamed ? ` and ${volumes.length - mostNamed} more` : '';
  const [verb, its] = volumes.length === 1 ? ['keeps', 'its'] : ['keep', 'their'];
  return `; ${names.join(', ')}${more} ${verb} the old data, Released, until you set ${its} persistentVolumeReclaimPolicy to Delete`;
}

function namesOf(pods: readonly Stored<Pod>[], wanted: (pod: Stored<Pod>) => boolean): string[] {
  return [...new Set(pods.filter(wanted).map(({ metadata }) => metadata.name))];
}

function isOwnedBy({ metadata }: Pod, owner: Stored<Workload>): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;
}

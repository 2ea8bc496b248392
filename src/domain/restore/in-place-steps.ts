/**
 * Builds the commands with which a user restores in place without losing the present data of a claim, if `restore
 * --in-place` cannot.
 */
import type { KubernetesObject, PersistentVolume, Pod, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumes } from '#src/api/resources.ts';

import { commandLine, flag, inNamespace, isCommand } from '#src/domain/command-line.ts';
import { formatRight, type Right } from '#src/domain/rights.ts';
import { readWorkload, targetTypes, type WorkloadParts } from '#src/domain/workload/kinds.ts';
import { matches } from '#src/domain/workload/selector.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import type { ClaimInTheWay } from './claims-in-the-way.ts';
import { restoreCommand, type RestoreWords } from './restore-command.ts';
import { sanitize } from '#src/domain/sanitize.ts';

/** The facts that the command needs before it proposes steps that delete claims or scale a workload down. */
export interface Keeping {
  /** By claim: its volume, if it has one. Undefined if the user may not read volumes. */
  readonly volumes: ReadonlyMap<string, Stored<PersistentVolume>> | undefined;
  /** The rights of `rightsToKeep` that the user does not have. */
  readonly lacking: readonly Right[];
  /** The restored claims may wait for a first pod. `restore` then does not end with exit code 0. */
  readonly mayBindLate: boolean;
  /** The user's name, for messages. */
  readonly user: string;
  /** The user has the rights that `restore --in-place` needs, so that one command is enough. */
  readonly mayRestoreInPlace: boolean;
}

/** Returns the rights that the steps need to lose no data. `stopped` is set if they scale its workload down. */
export function rightsToKeep(
  volumes: readonly Stored<PersistentVolume>[],
  stopped: RestoreWords | undefined,
): Right[] {
  return [
    ...(volumes.some(isDeletedWithClaim) ? ([{ verb: 'patch', resource: persistentVolumes }] as const) : []),
    ...(stopped && deletesWhenScaled(stopped)
      ? ([{ verb: 'patch', resource: targetTypes[stopped.target.kind].resource }] as const)
      : []),
  ];
}

/** Says why the user's rights do not allow the steps. Undefined if they do. */
export function whyNotInPlace({ volumes, lacking, user }: Keeping, target: Target): string | undefined {
  if (volumes === undefined) {
    return `cannot restore in place: user "${sanitize(user)}" may not get persistentvolumes, and a volume may be deleted with its claim, on some drivers with its snapshots`;
  }
  const [right] = lacking;
  if (right === undefined) return undefined;
  const loss =
    right.resource.kind === 'PersistentVolume'
      ? 'a volume would be deleted with its claim, on some drivers with its snapshots'
      : `${formatTarget(target)} deletes the claims of the replicas that it is scaled down by`;
  return sanitize(`cannot restore in place: user "${user}" may not ${formatRight(right)}, and ${loss}`);
}

/**
 * Says why the steps would not free the claims: a foreign pod or a failed snapshot blocks the deletion of one.
 * Undefined if they would.
 */
export function whyHeld(ways: readonly ClaimInTheWay[], words: RestoreWords): string | undefined {
  const stopped = workloadToStop(ways, words);
  const running = namesOf(
    ways.flatMap(({ pods }) => pods),
    (pod) => !(stopped && isOfWorkload(stopped, pod)),
  );
  if (running.length > 0) {
    return `cannot restore in place yet: stop pod ${sanitize(running.join(', '))} first, then run the same command again for the steps`;
  }
  // A snapshot with an error may never become ready.
  const failing = ways.flatMap(({ unready }) => unready).find(({ status }) => status?.error !== undefined);
  if (failing === undefined) return undefined;
  const claim = failing.spec.source.persistentVolumeClaimName ?? '';
  return sanitize(
    `cannot restore in place: snapshot ${failing.metadata.name} has failed, and claim ${claim} stays until the snapshot is ready or deleted`,
  );
}

/** Whether the workload selects the pod. */
export function isOfWorkload(words: RestoreWords, { metadata }: Pod): boolean {
  return matches(partsOf(words)?.selector, metadata.labels);
}

/**
 * Returns `words` if the steps have to stop its workload. Undefined if the claims do not belong to the workload, or if
 * it runs no pods.
 */
export function workloadToStop(
  ways: readonly ClaimInTheWay[],
  words: RestoreWords,
): RestoreWords | undefined {
  const isOwn = ways.some(({ claim: { metadata } }) => words.names.get(metadata.name) === metadata.name);
  return isOwn && runningReplicas(words) > 0 ? words : undefined;
}

/** Returns one command per line, to paste together. Each runs only if the one before it has succeeded. */
export function inPlaceSteps(
  ways: readonly ClaimInTheWay[],
  words: RestoreWords,
  { volumes = new Map(), mayBindLate }: Keeping,
): string[] {
  const { target } = words;
  const at = inNamespace(target.namespace);
  const names = ways.map(({ claim }) => claim.metadata.name);
  const stopped = workloadToStop(ways, words);
  // A StatefulSet that is scaled down deletes pods of any phase; a ReplicaSet keeps pods that have ended.
  const ended = namesOf(
    ways.flatMap((way) => way.ended),
    (pod) => !(targetTypes[target.kind].deletesEndedPods && isOwnedBy(pod, stopped?.workload)),
  );
  const unready = ways.flatMap((way) => way.unready.map(({ metadata }) => metadata.name));
  const leaving = ways.some(({ claim }) => claim.metadata.deletionTimestamp !== undefined);
  const before = [
    // This comes first: Kubernetes removes a claim that is being deleted as soon as its last finalizer is gone.
    ...names.flatMap((name) => {
      const volume = volumes.get(name);
      return volume && isDeletedWithClaim(volume) ? [retain(volume)] : [];
    }),
    ...unready.map(
      (name) =>
        commandLine`kubectl wait volumesnapshot/${name} ${at} --for=jsonpath={.status.readyToUse}=true --timeout=10m`,
    ),
    ...(ended.length === 0 ? [] : [commandLine`kubectl delete pod ${ended} ${at}`]),
  ];
  const steps = [
    commandLine`kubectl delete persistentvolumeclaim ${names} ${at} ${leaving ? [flag('--ignore-not-found')] : []}`,
    restoreCommand(words),
  ];
  return chained([...before, ...(stopped ? whileStopped(words, steps) : steps)], mayBindLate);
}

/** Wraps the steps so that the workload runs no pods meanwhile, and a StatefulSet does not delete its claims. */
export function whileStopped(words: RestoreWords, steps: readonly string[]): string[] {
  const { target } = words;
  const of = [formatTarget(target), ...inNamespace(target.namespace)];
  const scale = (count: number) => commandLine`kubectl scale ${of} --replicas=${String(count)}`;
  const whenScaled = (policy: string) =>
    commandLine`kubectl patch ${of} -p ${JSON.stringify({
      spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: policy } },
    })}`;
  const stopped = [scale(0), ...steps, scale(runningReplicas(words))];
  // Both fields are in one object: the controller never sees the scale without the policy set before it.
  return deletesWhenScaled(words) ? [whenScaled('Retain'), ...stopped, whenScaled('Delete')] : stopped;
}

/** Returns how many replicas the workload runs. 0 if there is nothing to scale down. */
export function runningReplicas(words: RestoreWords): number {
  return partsOf(words)?.replicas ?? 0;
}

/**
 * Chains the steps with `&&`. After a restore whose claims may wait for a first pod there is no `&&`, because the next
 * step starts that pod. If one of the steps cannot be shown, shows none.
 */
export function chained(steps: readonly string[], mayBindLate: boolean): string[] {
  const missing = steps.find((step) => !isCommand(step));
  if (missing !== undefined) return [missing];
  return steps.map((step, index) => {
    const isLast = index === steps.length - 1;
    return isLast || (mayBindLate && step.startsWith('kubectl stash restore ')) ? step : `${step} &&`;
  });
}

function deletesWhenScaled(words: RestoreWords): boolean {
  return partsOf(words)?.claims?.deletedWhenScaled === true;
}

function partsOf({ target, workload }: RestoreWords): WorkloadParts | undefined {
  return workload && readWorkload(target.kind, workload);
}

function isDeletedWithClaim({ spec }: PersistentVolume): boolean {
  return spec.persistentVolumeReclaimPolicy !== 'Retain';
}

function retain({ metadata }: Stored<PersistentVolume>): string {
  return commandLine`kubectl patch persistentvolume ${metadata.name} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`;
}

const mostNamed = 2;

/** Says that the present volumes keep the old data, and how to delete them. Returns an empty text if there are none. */
export function keptVolumes(ways: readonly ClaimInTheWay[], known: Keeping['volumes']): string {
  const volumes = ways.flatMap(({ claim }) => known?.get(claim.metadata.name) ?? []);
  if (volumes.length === 0) return '';
  const names = volumes.slice(0, mostNamed).map(({ metadata }) => metadata.name);
  const more = volumes.length > mostNamed ? ` and ${volumes.length - mostNamed} more` : '';
  const [verb, its] = volumes.length === 1 ? ['keeps', 'its'] : ['keep', 'their'];
  return `; ${sanitize(names.join(', '))}${more} ${verb} the old data, Released, until you set ${its} persistentVolumeReclaimPolicy to Delete`;
}

function namesOf(pods: readonly Stored<Pod>[], wanted: (pod: Stored<Pod>) => boolean): string[] {
  return [...new Set(pods.filter(wanted).map(({ metadata }) => metadata.name))];
}

function isOwnedBy({ metadata }: Pod, owner: Stored<KubernetesObject> | undefined): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === owner?.metadata.uid) === true;
}

/** Finds why claims cannot be restored in place, before anything is written. */
import type {
  OwnerReference,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
} from '#src/api/kubernetes.ts';
import { holdFinalizer } from '#src/api/labels.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { commandLine, flag } from '#src/domain/command-line.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { hasEnded } from '#src/domain/restore/claims-in-the-way.ts';
import { inWords, readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { formatTarget, isTargetKind, readTarget, type Target } from '#src/domain/workload/target.ts';

import { groupOf, type Database } from './database-operators.ts';
import { forgetCommand, goOnCommand } from './in-place-command.ts';
import { classNameOf } from './staged-claims.ts';
import { whoChoseVolume } from './static-claim.ts';
import { readSwapped } from './swapped-volume.ts';
import { unfinishedSwapsOf } from './unfinished-swap.ts';

export interface ClaimInPlace {
  readonly claim: Stored<PersistentVolumeClaim>;
  /** Undefined if it does not exist. */
  readonly volume: Stored<PersistentVolume> | undefined;
  /** The pods that use the claim. */
  readonly pods: readonly UserPod[];
}

export interface UserPod {
  readonly pod: Stored<Pod>;
  /** The topmost controller of the pod, such as a Deployment; undefined if nothing would create the pod again. */
  readonly controller: OwnerReference | undefined;
  /** Whether the pod belongs to the workload, or to a workload that the user named with `--also`. */
  readonly isOurs: boolean;
}

export interface InPlaceScene {
  readonly target: Target;
  readonly claims: readonly ClaimInPlace[];
  /** The user may not read volumes. */
  readonly unread?: boolean;
  /** All volumes of the cluster. */
  readonly volumes: readonly Stored<PersistentVolume>[];
  /** All RestoreSessions of the namespace. */
  readonly restoreSessions: readonly Stored<RestoreSession>[];
  readonly backupSessions: readonly Stored<BackupSession>[];
  /** The database that the claims belong to; undefined if they belong to none whose operator this program knows. */
  readonly database: Database | undefined;
  /** `--yes-operator`: the user knows what the operator of the claims does. */
  readonly yesOperator: boolean;
  /** Commands that restore the same data in another way; undefined for `undo`, which has none. */
  readonly otherWays: OtherWays | undefined;
}

export interface OtherWays {
  /** Restores the claims that do not exist. */
  readonly ordinary: string;
  /** Restores beside the claims. */
  readonly beside: string;
}

/** Returns failures, most of kind `precondition`, the most telling one first. */
export function checkInPlace(scene: InPlaceScene): Failure[] {
  const cannot = scene.otherWays === undefined ? 'cannot go back' : 'cannot restore in place';
  return problems(scene).map((each) => ({ ...each, message: `${cannot}: ${each.message}` }));
}

function problems(scene: InPlaceScene): Failure[] {
  return [
    ...otherSwaps(scene),
    ...unfinishedBackups(scene),
    ...scene.claims.flatMap((each) => [
      ...unusable(each, scene),
      ...ephemeral(each, scene),
      ...classless(each, scene),
      ...unfitVolume(each, scene),
      ...chosenVolume(each, scene),
      ...finalized(each, scene),
      ...strangers(each, scene),
      ...reserved(each, scene),
    ]),
    ...managed(scene),
  ];
}

/** Whether another restore in place of these claims has not ended. */
function otherSwaps({ target, claims, restoreSessions }: InPlaceScene): Failure[] {
  const names = claims.map(({ claim }) => claim.metadata.name);
  return unfinishedSwapsOf({ target, claims: names }, restoreSessions).map((session) =>
    refusal(`restoresession/${session.metadata.name} restores these claims in place and has not ended`, [
      'bring it to its end first:',
      goOnCommand(session),
    ]),
  );
}

/** The snapshot controller needs the claim until the snapshot is cut. */
function unfinishedBackups({ target, claims, backupSessions }: InPlaceScene): Failure[] {
  const names = claims.map(({ claim }) => claim.metadata.name);
  return backupSessions
    .filter((session) => !isFinal(session))
    .filter((session) => {
      const of = readTarget(session);
      const isOfClaim = of?.kind === 'PersistentVolumeClaim' && names.includes(of.name);
      const listed = readSessionClaims(session.metadata.annotations) ?? [];
      return isOfClaim || isSame(of, target) || listed.some((name) => names.includes(name));
    })
    .map(({ metadata }) =>
      refusal(`backupsession/${metadata.name} takes a snapshot of these claims and has not ended`, [
        commandLine`kubectl stash wait ${metadata.name} -n ${target.namespace}`,
      ]),
    );
}

function isSame(of: Target | undefined, { kind, name }: Target): boolean {
  return of?.kind === kind && of.name === name;
}

function unusable({ claim: { metadata, status } }: ClaimInPlace, scene: InPlaceScene): Failure[] {
  const state =
    metadata.deletionTimestamp !== undefined
      ? 'is being deleted'
      : status?.phase === 'Lost'
        ? 'has lost its volume'
        : status?.phase === 'Bound'
          ? undefined
          : 'is not bound to a volume';
  if (state === undefined) return [];
  return [
    refusal(
      `claim ${metadata.name} ${state}: there is nothing to keep`,
      scene.otherWays === undefined
        ? [commandLine`kubectl describe pvc ${metadata.name} -n ${scene.target.namespace}`]
        : ['once the claim is gone, restore it:', scene.otherWays.ordinary],
    ),
  ];
}

/** `how`: what the user has to choose there. */
function besideHint({ otherWays, target }: InPlaceScene, how = ''): string[] {
  return otherWays === undefined
    ? ['look at what is kept:', commandLine`kubectl stash volumes -n ${target.namespace}`]
    : [`beside it${how}:`, otherWays.beside];
}

function ephemeral({ claim: { metadata }, pods }: ClaimInPlace, scene: InPlaceScene): Failure[] {
  const owner = pods.find(({ pod }) =>
    pod.spec.volumes?.some(
      (volume) => volume.ephemeral && `${pod.metadata.name}-${volume.name}` === metadata.name,
    ),
  );
  if (owner === undefined) return [];
  const why = `claim ${metadata.name} belongs to pod ${owner.pod.metadata.name} and is deleted with it`;
  return [refusal(why, besideHint(scene))];
}

function classless({ claim }: ClaimInPlace, scene: InPlaceScene): Failure[] {
  if (classNameOf(claim)) return [];
  const why = `claim ${claim.metadata.name} has no storage class: no driver would make its new volume`;
  return [refusal(why, [...besideHint(scene, ', with a class'), 'kubectl get storageclass'])];
}

function unfitVolume({ claim, volume }: ClaimInPlace, scene: InPlaceScene): Failure[] {
  const { name, uid } = claim.metadata;
  const { volumeName } = claim.spec;
  // `unusable` tells of a claim without a volume.
  if (!volumeName) return [];
  const of = `volume ${volumeName} of claim ${name}`;
  if (volume === undefined && scene.unread === true) return [];
  if (volume === undefined) return [refusal(`${of} does not exist`, besideHint(scene))];
  const look = commandLine`kubectl describe persistentvolume ${volumeName}`;
  if (volume.status?.phase !== 'Bound' || volume.spec.claimRef?.uid !== uid) {
    return [refusal(`${of} is not bound to it: it is ${volume.status?.phase ?? 'Pending'}`, [look])];
  }
  const { annotations = {} } = volume.metadata;
  if (volume.spec.csi === undefined && annotations['pv.kubernetes.io/migrated-to'] === undefined)
    return [refusal(`${of} has no CSI driver`, besideHint(scene))];
  if (annotations['pv.kubernetes.io/provisioned-by'] !== undefined) return [];
  return [refusal(`${of} was made by hand, not by its storage class`, besideHint(scene))];
}

function chosenVolume({ claim }: ClaimInPlace, scene: InPlaceScene): Failure[] {
  const who = whoChoseVolume(claim);
  if (who === undefined) return [];
  const { name } = claim.metadata;
  return [
    refusal(
      `claim ${name} is bound to volume ${claim.spec.volumeName ?? ''} by ${who}, which names it`,
      besideHint(scene),
    ),
  ];
}

const protection = 'kubernetes.io/pvc-protection';
const beingCut = 'snapshot.storage.kubernetes.io/pvc-as-source-protection';

/** The API server must delete the claim as soon as the pods are gone. */
function finalized({ claim: { metadata } }: ClaimInPlace, { target }: InPlaceScene): Failure[] {
  const { name, finalizers = [] } = metadata;
  const at = target.namespace;
  if (finalizers.includes(beingCut)) {
    const look = commandLine`kubectl get volumesnapshots -n ${at}`;
    return [refusal(`a snapshot of claim ${name} is being taken`, ['wait until it is ready:', look])];
  }
  const foreign = finalizers.filter((each) => each !== protection && each !== holdFinalizer);
  if (foreign.length === 0) return [];
  return [
    refusal(`claim ${name} has the finalizer ${foreign.join(', ')}, and would not go before it does`, [
      commandLine`kubectl describe pvc ${name} -n ${at}`,
    ]),
  ];
}

/** Pods that would continue to use the old volume, or that nothing would create again. The executor deletes pods that have ended. */
function strangers({ claim, pods }: ClaimInPlace, scene: InPlaceScene): Failure[] {
  const { target } = scene;
  return pods
    .filter(({ pod, isOurs }) => !isOurs && !hasEnded(pod))
    .filter(({ controller }) => !isOperators(controller, scene))
    .map(({ pod, controller }) => {
      const { name } = pod.metadata;
      const at = target.namespace;
      const uses = `pod ${name} uses claim ${claim.metadata.name}`;
      if (controller === undefined) {
        const why = `${uses}, and nothing would create it again: it has no controller`;
        return refusal(why, [commandLine`kubectl delete pod ${name} -n ${at}`]);
      }
      const of = formatTarget(controller);
      if (isTargetKind(controller.kind)) {
        return refusal(`${uses} and belongs to ${of}`, [
          `to stop it, too, add ${commandLine`${flag('--also', of)}`}`,
        ]);
      }
      if (controller.kind === 'Job') {
        return refusal(`${uses} and belongs to ${of}`, [
          'let it end, or delete it:',
          commandLine`kubectl wait ${of} -n ${at} --for=condition=Complete`,
          commandLine`kubectl delete ${of} -n ${at}`,
        ]);
      }
      const own = target.kind === 'PersistentVolumeClaim';
      return refusal(`${uses} and belongs to ${of} (${groupOf(controller)}), which may not create it again`, [
        commandLine`kubectl describe pod ${name} -n ${at}`,
        ...(own ? ['if it does create it again, add --yes-operator'] : []),
      ]);
    });
}

/** A claim of its own that an operator mounts into a pod: the pod waits behind the gate, as those of a workload do. */
function isOperators(
  controller: OwnerReference | undefined,
  { target, database, yesOperator }: InPlaceScene,
): boolean {
  return (
    target.kind === 'PersistentVolumeClaim' &&
    controller !== undefined &&
    controller.kind !== 'Job' &&
    !isTargetKind(controller.kind) &&
    (yesOperator || database !== undefined)
  );
}

/** A member of a database has a place in its peers' history, too. */
function managed({ database, yesOperator }: InPlaceScene): Failure[] {
  if (database === undefined || yesOperator) return [];
  const { operator, name, recovery, others } = database;
  const rest =
    others.length === 0 ? '' : `, and claim ${inWords(others)} of the same database would stay as it is`;
  return [
    refusal(`the ${operator} operator manages these claims for ${name}${rest}`, [
      ...(others.length === 0
        ? ['restore all instances together: the operator may copy one of them again from a peer']
        : [
            'restore all instances together: one that goes back alone lacks what the others have',
            'logged since, so that they reject it, or the operator copies their data over it',
          ]),
      ...(recovery === undefined ? [] : ['better, let the operator restore it:', recovery]),
      'to restore these claims all the same, add --yes-operator',
    ]),
  ];
}

/** Of two volumes that are reserved for one name, chance decides which one the claim gets. */
function reserved({ claim: { metadata } }: ClaimInPlace, { target, volumes }: InPlaceScene): Failure[] {
  const { name } = metadata;
  return volumes
    .filter(({ spec: { claimRef } }) => claimRef?.namespace === target.namespace && claimRef.name === name)
    .filter(({ spec: { claimRef } }) => !claimRef?.uid)
    .map((volume) => {
      const session = readSwapped(volume)?.session;
      return refusal(`volume ${volume.metadata.name} is reserved for claim ${name}`, [
        session === undefined
          ? commandLine`kubectl describe persistentvolume ${volume.metadata.name}`
          : forgetCommand(session, target.namespace),
      ]);
    });
}

function refusal(why: string, hint: readonly string[]): Failure {
  return failure('precondition', sanitize(why), { hint: hint.join('\n') });
}

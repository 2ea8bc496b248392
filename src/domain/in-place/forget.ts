/** What giving up the volumes of a restore in place affects, and the next step for each of them. */
import type { PersistentVolume, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { joinEffects, type DeleteEffects } from '#src/domain/restore-points/delete-effects.ts';
import { isGood, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';

import { undoCommand } from './in-place-command.ts';
import { unfinishedSwaps, type ListedVolume } from './kept-volumes.ts';
import type { SwappedVolume } from './swapped-volume.ts';
import type { KeptVolume } from './undo.ts';

export interface ForgetScene {
  readonly session: string;
  readonly namespace: string;
  /** All that the session has kept or left over. */
  readonly kept: readonly ListedVolume[];
  /** These, and the restore points, are all of the namespace. */
  readonly sessions: readonly Stored<RestoreSession>[];
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly points: readonly RestorePoint[];
}

/** Nothing if the session has kept nothing, and no swap of it is under way. */
export function forgetEffects(scene: ForgetScene): DeleteEffects {
  const { session, kept } = scene;
  const undo = kept.some(({ swapped }) => swapped.role === 'kept')
    ? [`restoresession/${session}: "kubectl stash undo" cannot go back to it any more`]
    : [];
  const none = { notes: [], refusals: [], unlessForced: [] };
  return joinEffects([
    { ...none, notes: [...kept.map(dataNote), ...undo] },
    { ...none, refusals: unfinishedSwaps(scene.sessions, scene).map((each) => unfinished(each, scene)) },
    { ...none, refusals: kept.flatMap((each) => inUse(each, scene)) },
    { ...none, unlessForced: [...interrupted(scene), ...lastComplete(scene), ...kept.flatMap(dependents)] },
  ]);
}

function dataNote({ volume, swapped }: KeptVolume): string {
  const { role, claim, target, since, policy } = swapped;
  const { capacity } = volume.spec;
  const what = `${claim} of ${formatTarget(target)} ${role === 'kept' ? 'as it was until' : 'as it was restored at'} ${since}`;
  const becomes = policy === 'Retain' ? 'stays' : 'would be deleted';
  return `persistentvolume/${volume.metadata.name}: the data of claim ${what} (${capacity?.storage ?? 'size unknown'}) ${becomes} (reclaim policy ${policy})`;
}

function unfinished({ metadata }: Stored<RestoreSession>, { session, namespace }: ForgetScene): StashError {
  const { name } = metadata;
  const of = name === session ? '' : ` the volumes of ${session}`;
  return new StashError('precondition', `restoresession/${name} has not finished swapping${of}`, {
    hint: [
      'let it end, or go back:',
      commandLine`kubectl stash wait restoresession/${name} -n ${namespace}`,
      undoCommand(session, namespace),
    ].join('\n'),
  });
}

/** One error for each claim whose swap no session carries out any more: it may have neither of the two volumes. */
function interrupted({ session, namespace, kept }: ForgetScene): StashError[] {
  const keptOf = new Set(kept.flatMap(({ swapped }) => (swapped.role === 'kept' ? swapped.claim : [])));
  return kept
    .filter(({ swapped }) => swapped.role === 'incoming' && keptOf.has(swapped.claim))
    .map(
      ({ swapped: { claim } }) =>
        new StashError(
          'precondition',
          `the swap of claim ${claim} has not ended: its old and its new data would be lost`,
          {
            hint: `end it, and go back:\n${undoCommand(session, namespace)}\nor add --force`,
          },
        ),
    );
}

/** A claim that has lost the volume counts, too. */
function inUse({ volume, swapped }: KeptVolume, { claims }: ForgetScene): StashError[] {
  const { name } = volume.metadata;
  const user = claims.find(
    ({ metadata, spec }) => metadata.uid === volume.spec.claimRef?.uid || spec.volumeName === name,
  );
  if (user === undefined) return [];
  const patch = JSON.stringify(asBefore(swapped));
  return [
    new StashError('precondition', `volume ${name} is in use by claim ${user.metadata.name}`, {
      hint: `if the claim shall keep it, take the marks off:\n${commandLine`kubectl patch pv ${name} -p ${patch}`}`,
    }),
  ];
}

function dependents({ volume, points }: ListedVolume): StashError[] {
  if (points.length === 0) return [];
  const names = inWords(points.map(({ session }) => session));
  const which = points.length === 1 ? `restore point ${names} was` : `restore points ${names} were`;
  return [
    new StashError(
      'precondition',
      `${which} cut from volume ${volume.metadata.name}: some drivers delete such snapshots with the volume`,
      { hint: 'add --force to give it up all the same' },
    ),
  ];
}

/** One error for each workload or claim whose complete restore points were all cut from these volumes. */
function lastComplete({ kept, points, namespace }: ForgetScene): StashError[] {
  const atRisk = new Set(kept.flatMap((each) => each.points));
  const complete = points.flatMap((point) =>
    isGood(point) && point.target ? [{ point, target: formatTarget(point.target) }] : [],
  );
  return [...Map.groupBy(complete, ({ target }) => target)].flatMap(([target, all]) => {
    if (!all.every(({ point }) => atRisk.has(point))) return [];
    const names = inWords(all.map(({ point }) => point.session));
    const what =
      all.length === 1
        ? `restore point ${names} is the last complete one of ${target}`
        : `restore points ${names} are all the complete ones of ${target}`;
    return new StashError('precondition', `${what}, and may be lost`, {
      hint: `take another first:\n${commandLine`kubectl stash snapshot ${target} -n ${namespace}`}`,
    });
  });
}

export type ForgetStep =
  | { readonly do: 'patch'; readonly patch: object }
  | { readonly do: 'wait' | 'refuse' }
  | { readonly do: 'end'; readonly outcome: 'deleted' | 'stays' };

/** No claim has it: the control plane takes the volume's claim for deleted. */
const deadUid = '00000000-0000-0000-0000-000000000000';

/** `volume`: as it was when the user was asked. `seen`: as it is now; undefined if there is none of that name. */
export function forgetStep(
  { volume, swapped }: KeptVolume,
  seen: Stored<PersistentVolume> | undefined,
): ForgetStep {
  if (seen?.metadata.uid !== volume.metadata.uid) return { do: 'end', outcome: 'deleted' };
  const { claimRef, persistentVolumeReclaimPolicy: policy } = seen.spec;
  const mark = markOf(seen);
  if (mark === undefined) return policy === 'Retain' ? { do: 'end', outcome: 'stays' } : { do: 'wait' };
  // Another command has taken the volume up.
  if (mark !== markOf(volume)) return { do: 'refuse' };
  const { resourceVersion } = seen.metadata;
  if (claimRef?.uid === undefined || claimRef.uid === '') {
    const named = { kind: 'PersistentVolumeClaim', namespace: swapped.namespace, name: swapped.claim };
    // With policy Delete, a volume that is Available would never be deleted.
    const spec = { claimRef: { apiVersion: 'v1', ...named, ...claimRef, uid: deadUid } };
    return { do: 'patch', patch: { metadata: { resourceVersion }, spec } };
  }
  const { phase } = seen.status ?? {};
  if (phase !== 'Released' && phase !== 'Failed') return { do: 'wait' };
  const { metadata, spec } = asBefore(swapped);
  return { do: 'patch', patch: { metadata: { resourceVersion, ...metadata }, spec } };
}

function markOf({ metadata }: PersistentVolume): string | undefined {
  return metadata.annotations?.[annotation.swap];
}

/** The patch that takes our marks off and sets the volume's own policy; one write, so that neither is without the other. */
function asBefore({ policy }: SwappedVolume) {
  return {
    metadata: { annotations: { [annotation.swap]: null }, labels: { [label.restoreSession]: null } },
    spec: { persistentVolumeReclaimPolicy: policy },
  };
}

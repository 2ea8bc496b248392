/** Builds the failures for claims that cannot be restored under their names, with what the user can do instead. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { createsClaim } from '#src/domain/workload/claims.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import type { ClaimInTheWay } from './claims-in-the-way.ts';
import {
  chained,
  inPlaceSteps,
  isOfWorkload,
  keptVolumes,
  runningReplicas,
  whileStopped,
  whyHeld,
  whyNotInPlace,
  type Keeping,
} from './in-place-steps.ts';
import { inPlaceCommand, restoreCommand, type RestoreWords } from './restore-command.ts';

/** The failure for claims that exist; `asked` is left out for a RestoreSession from a file. */
export function existingClaims(
  ways: readonly ClaimInTheWay[],
  asked?: { readonly words: RestoreWords; readonly keeping: Keeping },
): Failure {
  const obstacles = ways.flatMap(({ claim: { metadata }, pods, ended, unready }) => {
    const state = metadata.deletionTimestamp === undefined ? 'exists' : 'is still being deleted';
    const used = pods.length === 0 ? '' : ` and is used by pod ${list(pods)}`;
    return [
      `claim ${metadata.name} ${state}${used}`,
      ...(ended.length === 0 ? [] : [`pod ${list(ended)} has ended and still holds claim ${metadata.name}`]),
      ...unready.map(
        (snapshot) =>
          `snapshot ${snapshot.metadata.name} of claim ${metadata.name} is not ready yet and holds it`,
      ),
    ];
  });
  const hint = asked
    ? waysOn(ways, asked.words, asked.keeping)
    : 'give the template another metadata.name; restoring never overwrites data\nbefore you delete a claim yourself, set the persistentVolumeReclaimPolicy of its volume to Retain';
  return failure('precondition', obstacles.join('; '), { hint });
}

function list(pods: readonly Stored<Pod>[]): string {
  return pods.map(({ metadata }) => metadata.name).join(', ');
}

/** All commands name the restore point that was chosen, not `latest`. */
function waysOn(ways: readonly ClaimInTheWay[], words: RestoreWords, keeping: Keeping): string {
  const { target, from, flags } = words;
  const taken = new Set(ways.map(({ claim }) => claim.metadata.name));
  const pairs = [...words.names]
    .filter(([claim, name]) => taken.has(name) || flags.claim.includes(`${claim}=${name}`))
    .map(([claim, name]) => `${claim}=${name}${taken.has(name) ? '-copy' : ''}`);
  const isOffered = keeping.mayRestoreInPlace && fitsInPlace(ways, words);
  const others = [
    `${isOffered ? 'or ' : ''}beside it:`,
    besideIt(words),
    'or under a name of your own:',
    restoreCommand(words, { claim: pairs }),
  ];
  if (isOffered) {
    const inPlace = inPlaceCommand(target, from, flags.only);
    return ['in place, which keeps the present volumes:', inPlace, ...others].join('\n');
  }
  const refusal = whyNotInPlace(keeping, target) ?? whyHeld(ways, words);
  return [
    ...others,
    ...(refusal === undefined
      ? [`or in place${keptVolumes(ways, keeping.volumes)}:`, ...inPlaceSteps(ways, words, keeping)]
      : [refusal]),
  ].join('\n');
}

/** Whether `restore --in-place` could take these claims: all of them are bound, under their own names, and free to go. */
function fitsInPlace(ways: readonly ClaimInTheWay[], words: RestoreWords): boolean {
  const { flags, names } = words;
  return (
    flags.storageClass === undefined &&
    ways.length === names.size &&
    [...names].every(([claim, name]) => claim === name) &&
    ways.every(
      ({ claim: { metadata, status }, pods, unready }) =>
        metadata.deletionTimestamp === undefined &&
        status?.phase === 'Bound' &&
        unready.length === 0 &&
        pods.every((pod) => isOfWorkload(words, pod)),
    )
  );
}

function besideIt(words: RestoreWords): string {
  return restoreCommand(words, { suffix: `${words.flags.suffix ?? ''}-restored`, claim: [] });
}

/** The claims to be restored that the controller of a running StatefulSet would create empty. */
export function racedClaims(names: readonly string[], words: RestoreWords): string[] {
  const { target, workload } = words;
  if (workload === undefined) return [];
  return names.filter((name) => createsClaim({ kind: target.kind, object: workload }, name));
}

/** The failure for `racedClaims`. */
export function controllerRace(raced: readonly string[], words: RestoreWords, keeping: Keeping): Failure {
  const { target } = words;
  const replicas = runningReplicas(words);
  const refusal = whyNotInPlace(keeping, target);
  const steps = whileStopped(words, [restoreCommand(words)]);
  return failure(
    'precondition',
    `${formatTarget(target)} runs ${replicas === 1 ? '1 replica' : `${replicas} replicas`}: its controller would create ${raced.join(', ')} empty before the restore could`,
    {
      hint: (refusal === undefined
        ? chained(steps, keeping.mayBindLate)
        : ['under another name:', besideIt(words), refusal]
      ).join('\n'),
    },
  );
}

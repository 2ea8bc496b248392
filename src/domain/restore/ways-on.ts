/** Builds the errors for claims that cannot be restored under their names, with what the user can do instead. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { StashError } from '#src/errors.ts';

import { claimsOfTarget } from '#src/domain/workload/claims.ts';
import { readWorkload } from '#src/domain/workload/kinds.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import type { ClaimInTheWay } from './claims-in-the-way.ts';
import {
  chained,
  inPlaceSteps,
  keptVolumes,
  runningReplicas,
  whileStopped,
  whyHeld,
  whyNotInPlace,
  type Keeping,
} from './in-place-steps.ts';
import { restoreCommand, type RestoreWords } from './restore-command.ts';

/** The error for claims that exist; `asked` is left out for a RestoreSession from a file. */
export function existingClaims(
  ways: readonly ClaimInTheWay[],
  asked?: { readonly words: RestoreWords; readonly keeping: Keeping },
): StashError {
  const told = ways.flatMap(({ claim: { metadata }, pods, ended, unready }) => {
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
  return new StashError('precondition', told.join('; '), { hint });
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
  const refusal = whyNotInPlace(keeping, target) ?? whyHeld(ways, words);
  return [
    'beside it:',
    besideIt(words),
    'or under a name of your own:',
    restoreCommand(target, from, { ...flags, claim: pairs }),
    ...(refusal === undefined
      ? [`or in place${keptVolumes(ways, keeping.volumes)}:`, ...inPlaceSteps(ways, words, keeping)]
      : [refusal]),
  ].join('\n');
}

function besideIt({ target, from, flags }: RestoreWords): string {
  return restoreCommand(target, from, { ...flags, suffix: `${flags.suffix ?? ''}-restored`, claim: [] });
}

/** The claims to be restored that the controller of a running StatefulSet would create empty. */
export function racedClaims(names: readonly string[], words: RestoreWords): string[] {
  const { target, workload } = words;
  if (workload === undefined || runningReplicas(words) === 0) return [];
  if (readWorkload(target.kind, workload)?.claims === undefined) return [];
  const own = claimsOfTarget({ kind: target.kind, object: workload }, { claims: [], pods: [] });
  return names.filter((name) => own.some((claim) => claim.name === name));
}

/** The error for `racedClaims`. */
export function controllerRace(raced: readonly string[], words: RestoreWords, keeping: Keeping): StashError {
  const { target, from, flags } = words;
  const replicas = runningReplicas(words);
  const refusal = whyNotInPlace(keeping, target);
  const steps = whileStopped(words, [restoreCommand(target, from, flags)]);
  return new StashError(
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

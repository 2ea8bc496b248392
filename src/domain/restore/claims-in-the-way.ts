/** Why claims cannot be restored under their names, and the ways on. */
import type { PersistentVolumeClaim, Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { StashError } from '#src/errors.ts';

import { claimsOfTarget } from '#src/domain/target/claims.ts';
import { restoreCommand, type RestoreFlags } from './restore-command.ts';
import { formatTarget, type Target } from '#src/domain/target/target.ts';

export interface ClaimInTheWay {
  readonly claim: Stored<PersistentVolumeClaim>;
  /** The pods that use it. */
  readonly pods: readonly string[];
}

/** `claims` by name against `pods` of the same namespace; pods that have ended use nothing. */
export function claimsInTheWay(
  names: readonly string[],
  claims: readonly Stored<PersistentVolumeClaim>[],
  pods: readonly Stored<Pod>[],
): ClaimInTheWay[] {
  return claims
    .filter(({ metadata }) => names.includes(metadata.name))
    .map((claim) => ({ claim, pods: podsUsing(claim.metadata.name, pods) }));
}

export function podsUsing(claim: string, pods: readonly Stored<Pod>[]): string[] {
  return pods
    .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    .filter(({ metadata, spec }) =>
      spec.volumes?.some(
        ({ name, persistentVolumeClaim, ephemeral }) =>
          persistentVolumeClaim?.claimName === claim || (ephemeral && `${metadata.name}-${name}` === claim),
      ),
    )
    .map(({ metadata }) => metadata.name);
}

/** What the restore was asked with, for hints that can be pasted. Undefined workload: it does not exist. */
export interface RestoreWords {
  readonly target: Target;
  readonly from: string;
  readonly flags: RestoreFlags;
  /** By the claim's own name: the one under which it is restored. */
  readonly names: ReadonlyMap<string, string>;
  readonly workload: Workload | undefined;
}

/** The error for claims that exist; `words` is left out for a RestoreSession from a file. */
export function existingClaims(ways: readonly ClaimInTheWay[], words?: RestoreWords): StashError {
  const told = ways.map(({ claim: { metadata }, pods }) => {
    const state = metadata.deletionTimestamp === undefined ? 'exists' : 'is still being deleted';
    const used = pods.length === 0 ? '' : ` and is used by pod ${pods.join(', ')}`;
    return `claim ${metadata.name} ${state}${used}`;
  });
  const hint = words
    ? waysOn(ways, words)
    : 'give the template another metadata.name, or delete the claim first; restoring never overwrites data';
  return new StashError('precondition', told.join('; '), { hint });
}

/** The manual steps for in place go back to the very restore point that was chosen. */
function waysOn(ways: readonly ClaimInTheWay[], words: RestoreWords): string {
  const { target, from, flags } = words;
  const taken = new Set(ways.map(({ claim }) => claim.metadata.name));
  const pairs = [...words.names]
    .filter(([claim, name]) => taken.has(name) || flags.claim.includes(`${claim}=${name}`))
    .map(([claim, name]) => `${claim}=${name}${taken.has(name) ? '-copy' : ''}`);
  const suffix = `${flags.suffix ?? ''}-restored`;
  return [
    'beside it:',
    restoreCommand(target, from, { ...flags, suffix, claim: [] }),
    'or under a name of your own:',
    restoreCommand(target, from, { ...flags, claim: pairs }),
    'or in place, which gives up what the claim holds now:',
    ...inPlace(ways, words),
  ].join('\n');
}

function inPlace(ways: readonly ClaimInTheWay[], words: RestoreWords): string[] {
  const { target, from, flags } = words;
  const names = ways.map(({ claim }) => claim.metadata.name);
  const pods = [...new Set(ways.flatMap((way) => way.pods))];
  const steps = [
    `kubectl delete persistentvolumeclaim ${names.join(' ')} -n ${target.namespace}`,
    restoreCommand(target, from, flags),
  ];
  if (names.some((name) => words.names.get(name) === name)) {
    const scaled = whileStopped(words, steps);
    if (scaled) return scaled;
  }
  return pods.length === 0 ? steps : [`(stop pod ${pods.join(', ')} first)`, ...steps];
}

/** Undefined where the workload has nothing to scale down. */
function whileStopped({ target, workload }: RestoreWords, steps: readonly string[]): string[] | undefined {
  const replicas = target.kind === 'DaemonSet' ? 0 : (workload?.spec.replicas ?? (workload ? 1 : 0));
  if (replicas === 0) return undefined;
  const scale = (count: number) =>
    `kubectl scale ${formatTarget(target)} -n ${target.namespace} --replicas=${count}`;
  return [scale(0), ...steps, scale(replicas)];
}

/**
 * Refuses to race a StatefulSet's controller, which creates an empty claim for each ordinal that it runs. `names`: the
 * claims to be restored.
 */
export function refuseControllerRace(names: readonly string[], words: RestoreWords): void {
  const { target, workload } = words;
  if (target.kind !== 'StatefulSet' || workload === undefined) return;
  const replicas = workload.spec.replicas ?? 1;
  if (replicas === 0) return;
  const own = claimsOfTarget({ kind: 'StatefulSet', object: workload }, { claims: [], pods: [] });
  const raced = names.filter((name) => own.some((claim) => claim.name === name));
  if (raced.length === 0) return;
  const steps = whileStopped(words, [restoreCommand(target, words.from, words.flags)]);
  throw new StashError(
    'precondition',
    `${formatTarget(target)} runs ${replicas === 1 ? '1 replica' : `${replicas} replicas`}: its controller would create ${raced.join(', ')} empty before the restore could`,
    { hint: steps?.join('\n') },
  );
}

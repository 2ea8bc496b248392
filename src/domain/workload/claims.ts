/** Which claims a target uses, and whether they can be snapshotted now. */
import type { KubernetesObject, PersistentVolumeClaim, Pod } from '#src/api/kubernetes.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { failure, noChoice, type Choice, type Failure } from '#src/domain/finding.ts';
import { defaultClaimsPerSession, wayToMoreClaims } from '#src/domain/spec-limits.ts';

import { readWorkload, type TargetKind, type WorkloadParts } from './kinds.ts';
import { formatTarget, type Target } from './target.ts';

export interface ClaimOfTarget {
  readonly name: string;
  /** Kubernetes creates and deletes the claim with its pod: it can only be restored under another name. */
  readonly ephemeral: boolean;
}

/** The kind of a target and its object from the API server. */
export interface TargetObject {
  readonly kind: TargetKind;
  readonly object: KubernetesObject;
}

/** Other objects in the target's namespace. */
export interface Seen {
  readonly claims: readonly Pick<PersistentVolumeClaim, 'metadata'>[];
  /** The pods that the target controls; not needed if `needsPods` returns false. */
  readonly pods: readonly Pod[];
  /** Takes precedence over the workload's own replicas. */
  readonly replicas?: number | undefined;
}

/**
 * Each claim once, whether it exists or not: those of the pod template's volumes as listed, a StatefulSet's by ordinal,
 * ephemeral ones by pod. A failure 'precondition' for more claims than a session may have, which is `most`.
 */
export function claimsOfTarget(
  { kind, object }: TargetObject,
  seen: Seen,
  most = defaultClaimsPerSession,
): Choice<ClaimOfTarget[]> {
  const workload = readWorkload(kind, object);
  if (workload === undefined) return { value: [{ name: nameOf(object), ephemeral: false }] };
  const tooMany = (count: number) =>
    noChoice(
      'precondition',
      `${formatTarget({ kind, name: nameOf(object) })} has ${count} claims, and the limit of a session is ${most}`,
      { hint: wayToMoreClaims(count) ?? 'snapshot its claims one by one: pvc/NAME' },
    );
  // Nothing may be built for the ordinals before: their number is whatever the author of the object wrote.
  const ofTemplates = countOfTemplates(workload, seen);
  if (ofTemplates > most) return tooMany(ofTemplates);
  const names = new Set([...sharedClaims(workload), ...templateClaims(nameOf(object), workload, seen)]);
  const claims = [
    ...[...names].map((name) => ({ name, ephemeral: false })),
    ...ephemeralClaims(seen.pods)
      .filter((name) => !names.has(name))
      .map((name) => ({ name, ephemeral: true })),
  ];
  return claims.length > most ? tooMany(claims.length) : { value: claims };
}

/** Whether the controller of the workload creates a claim of this name: a StatefulSet does for each of its ordinals. */
export function createsClaim({ kind, object }: TargetObject, claim: string): boolean {
  const workload = readWorkload(kind, object);
  if (workload?.claims === undefined) return false;
  const { templates, firstOrdinal } = workload.claims;
  return stemsOf(nameOf(object), templates).some((stem) => {
    const ordinal = ordinalAfter(stem, claim);
    return ordinal !== undefined && ordinal >= firstOrdinal && ordinal < firstOrdinal + workload.wantedPods;
  });
}

/** What precedes the ordinal in the names of the claims that the controller of the workload creates: `data-db-`. */
export function templateStems({ kind, object }: TargetObject): string[] {
  return stemsOf(nameOf(object), readWorkload(kind, object)?.claims?.templates ?? []);
}

/** `data-db-` of `data-db-10`; undefined if the name does not end in an ordinal. */
export function stemOf(claim: string): string | undefined {
  return /^(.*-)(?:0|[1-9]\d*)$/.exec(claim)?.[1];
}

/** The claims of the pod's volumes. */
export function claimsOfPod(pod: Pod): ClaimOfTarget[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }): ClaimOfTarget[] => {
    if (persistentVolumeClaim) return [{ name: persistentVolumeClaim.claimName, ephemeral: false }];
    return ephemeral ? [{ name: `${nameOf(pod)}-${name}`, ephemeral: true }] : [];
  });
}

/** Whether the claims of a target depend on its pods (generic ephemeral volumes). */
export function needsPods({ kind, object }: TargetObject): boolean {
  const { volumes = [] } = readWorkload(kind, object)?.podSpec ?? {};
  return volumes.some((volume) => volume.ephemeral !== undefined);
}

/**
 * Finds that a target has no claims (a failure `no-claims`), or claims that are missing, being deleted, or not bound: one
 * failure `precondition` that tells of them all; its hint is for the first.
 */
export function checkClaims(
  target: Target,
  names: readonly string[],
  claims: readonly PersistentVolumeClaim[],
): Failure[] {
  const of = formatTarget(target);
  const at = inNamespace(target.namespace);
  if (names.length === 0) {
    const hint = `ephemeral claims exist only while their pod runs\n${commandLine`kubectl describe ${of} ${at}`}`;
    return [failure('no-claims', `${of} uses no persistent volume claims`, { hint })];
  }
  const byName = new Map(claims.map((claim) => [nameOf(claim), claim]));
  const problems = names.flatMap((name) => {
    const problem = problemOf(byName.get(name));
    return problem === undefined ? [] : [{ name, ...problem }];
  });
  const [first, ...others] = problems;
  if (first === undefined) return [];
  const owner = target.kind === 'PersistentVolumeClaim' ? '' : ` of ${of}`;
  const hint = [
    ...(first.why === undefined ? [] : [first.why]),
    first.exists ? commandLine`kubectl describe pvc ${first.name} ${at}` : commandLine`kubectl get pvc ${at}`,
  ].join('\n');
  return [failure('precondition', `claim ${first.name}${owner} ${first.what}${alsoSay(others)}`, { hint })];
}

const mostNamed = 3;

function alsoSay(others: readonly { name: string; what: string }[]): string {
  if (others.length === 0) return '';
  const named = others.slice(0, mostNamed).map(({ name, what }) => `${name} ${what}`);
  const rest = others.length - named.length;
  return `; also ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

interface Problem {
  readonly what: string;
  /** The probable cause. */
  readonly why?: string;
  readonly exists: boolean;
}

function problemOf(claim: PersistentVolumeClaim | undefined): Problem | undefined {
  if (claim === undefined) return { what: 'does not exist', exists: false };
  if (claim.metadata.deletionTimestamp !== undefined) {
    return {
      what: 'is being deleted',
      why: 'a pod that uses it, even one that has ended, or a snapshot that is not ready still holds it',
      exists: true,
    };
  }
  switch (claim.status?.phase) {
    case 'Bound':
      return undefined;
    case 'Lost':
      return { what: 'has lost its volume', exists: true };
    case 'Pending':
    case undefined: {
      const why = 'a class that waits for its first consumer binds a claim once a pod uses it';
      return { what: 'is not bound to a volume yet', why, exists: true };
    }
  }
}

function sharedClaims({ podSpec, claims }: WorkloadParts): string[] {
  // A StatefulSet's template takes the place of the pod's volume of the same name.
  const volumes = (podSpec.volumes ?? []).filter(({ name }) => claims?.templates.includes(name) !== true);
  return volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}

function templateClaims(name: string, workload: WorkloadParts, seen: Seen): string[] {
  if (workload.claims === undefined) return [];
  const { templates, firstOrdinal } = workload.claims;
  const stems = stemsOf(name, templates);
  const count = ordinalsOf(workload, seen);
  if (count === 0) return existingClaims(stems, seen.claims.map(nameOf));
  return Array.from({ length: count }, (_, index) => firstOrdinal + index).flatMap((ordinal) =>
    stems.map((stem) => `${stem}${ordinal}`),
  );
}

function countOfTemplates(workload: WorkloadParts, seen: Seen): number {
  return (workload.claims?.templates.length ?? 0) * Math.max(1, ordinalsOf(workload, seen));
}

function ordinalsOf(workload: WorkloadParts, seen: Seen): number {
  return seen.replicas ?? workload.wantedPods;
}

function stemsOf(name: string, templates: readonly string[]): string[] {
  return templates.map((template) => `${template}-${name}-`);
}

function ordinalAfter(stem: string, name: string): number | undefined {
  const rest = name.startsWith(stem) ? name.slice(stem.length) : '';
  return /^(?:0|[1-9]\d*)$/.test(rest) ? Number(rest) : undefined;
}

/** The claims that a StatefulSet scaled to zero left behind, by ordinal. */
function existingClaims(stems: readonly string[], names: readonly string[]): string[] {
  return stems
    .flatMap((stem) =>
      names.flatMap((name) => {
        const ordinal = ordinalAfter(stem, name);
        return ordinal === undefined ? [] : { name, ordinal };
      }),
    )
    .sort((a, b) => a.ordinal - b.ordinal)
    .map(({ name }) => name);
}

function ephemeralClaims(pods: readonly Pod[]): string[] {
  return pods
    .filter(({ metadata, status }) => status?.phase === 'Running' && metadata.deletionTimestamp === undefined)
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .flatMap(claimsOfPod)
    .filter(({ ephemeral }) => ephemeral)
    .map(({ name }) => name);
}

function nameOf({ metadata }: Pick<KubernetesObject, 'metadata'>): string {
  return metadata.name ?? '';
}

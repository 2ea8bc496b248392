/** What a user should know of a restore in place beside its steps. */
import type { KubernetesObject, OwnerReference } from '#src/api/kubernetes.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { hasEnded } from '#src/domain/restore/claims-in-the-way.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import type { TargetObject } from '#src/domain/workload/claims.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { groupOf, type Database } from './database-operators.ts';
import type { ClaimInPlace } from './check-in-place.ts';
import { isRetained } from './check-recreate.ts';
import type { InPlaceRow } from './plan.ts';
import type { StopMethod } from './record.ts';

export interface NotedScene {
  readonly target: TargetObject;
  readonly claims: readonly ClaimInPlace[];
  readonly rows: readonly InPlaceRow[];
  readonly stop: StopMethod;
  readonly database: Database | undefined;
  /** Claims of the restore point that the target does not use any more. */
  readonly unused: readonly string[];
}

/** One line each. */
export function planNotes(scene: NotedScene): string[] {
  return [...operators(scene), ...unusedClaims(scene), ...larger(scene), ...ended(scene), ...rollout(scene)];
}

/** What is different if the claims are deleted and created again. */
export function recreateNotes(claims: readonly ClaimInPlace[]): string[] {
  const retained = claims.filter(isRetained).map(({ claim }) => claim.spec.volumeName ?? '');
  return [
    ...(retained.length === 0
      ? []
      : [sanitize(`volume ${retained.join(', ')} has policy Retain: it stays until you delete it`)]),
    'the new claims have a dataSource, which nobody can change: a tool that replaces claims by manifests without one fails (Argo CD with Replace=true)',
  ];
}

/** Groups of Kubernetes' own controllers, which re-create what is missing and know nothing of the data. */
const plain = ['', 'apps', 'batch'];

/** An operator may have a view of its own of the data. */
function operators({ target, claims, database }: NotedScene): string[] {
  if (database !== undefined) {
    const { operator, name, others } = database;
    const rest = others.length === 0 ? '' : `; claim ${inWords(others)} of it stays as it is`;
    return [
      sanitize(
        `the ${operator} operator manages these claims for ${name}, and may copy an instance again from a peer${rest}`,
      ),
    ];
  }
  const owners = [target.object, ...claims.map(({ claim }) => claim)].flatMap(ownersOf);
  const pods = claims.flatMap((each) => each.pods.flatMap(({ controller }) => controller ?? []));
  const foreign = [...owners, ...pods].filter((owner) => !plain.includes(groupOf(owner)));
  const names = new Set(foreign.map((owner) => `${formatTarget(owner)} (${groupOf(owner)})`));
  return [...names].map((name) =>
    sanitize(
      `${name} manages these claims or their pods; kubectl stash does not know that operator: make sure that it creates its pods again, and expects that data may go back`,
    ),
  );
}

function ownersOf({ metadata }: KubernetesObject): readonly OwnerReference[] {
  return metadata.ownerReferences ?? [];
}

function unusedClaims({ target, unused }: NotedScene): string[] {
  if (unused.length === 0) return [];
  const { kind, object } = target;
  const of = formatTarget({ kind, name: object.metadata.name ?? '' });
  return [sanitize(`${of} does not use ${unused.join(', ')} of the restore point any more: not restored`)];
}

function larger({ rows }: NotedScene): string[] {
  return rows
    .filter(({ size, newSize }) => parseQuantity(size) !== parseQuantity(newSize))
    .map(({ claim, size, newSize, snapshot }) =>
      sanitize(`claim ${claim} gets ${newSize}, not ${size}: snapshot ${snapshot} needs that much`),
    );
}

function ended({ claims }: NotedScene): string[] {
  const pods = claims.flatMap((each) => each.pods.map(({ pod }) => pod)).filter(hasEnded);
  const names = [...new Set(pods.map(({ metadata }) => metadata.name))];
  if (names.length === 0) return [];
  return [sanitize(`pods that have ended are deleted, since they hold their claims: ${names.join(', ')}`)];
}

function rollout({ target: { kind }, stop }: NotedScene): string[] {
  if (kind !== 'Deployment' || stop !== 'gate') return [];
  return [
    'if its pods stop for longer than progressDeadlineSeconds, the deployment says ProgressDeadlineExceeded until they run again',
  ];
}

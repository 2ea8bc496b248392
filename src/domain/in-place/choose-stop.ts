/** Chooses how the command line stops the workload's pods while it swaps their claims. */
import type { KubernetesObject, ManagedFields } from '#src/api/kubernetes.ts';
import { failure, noChoice, type Choice, type Failure } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import type { TargetObject } from '#src/domain/workload/claims.ts';
import { readWorkload } from '#src/domain/workload/kinds.ts';
import { controllerOf } from '#src/domain/workload/owned-pods.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { managersOf } from './managers.ts';
import type { StopMethod } from './record.ts';

export type StopWish = 'auto' | StopMethod;

export interface Stopping {
  readonly method: StopMethod;
  /**
   * Why the command line leaves `spec.replicas` alone, as a clause. Left out with `scale`, and if the workload has no
   * replicas.
   */
  readonly why?: string;
}

/**
 * Returns a failure 'precondition' if the user asks for `scale` and that would not stop the pods, or another client
 * would undo it.
 */
export function chooseStop(
  wish: StopWish,
  { kind, object }: TargetObject,
  /** Whether pods of other workloads have to stop, too. */
  alsoOthers = false,
): Choice<Stopping> {
  const workload = readWorkload(kind, object);
  if (workload === undefined || workload.replicas === undefined) {
    if (wish !== 'scale') return { value: { method: 'gate' } };
    return refused(`${nameOf(kind, object)} has no spec.replicas`);
  }
  const owner = controllerOf(object);
  // If the API server has lost the owner of a field, it may not record later owners either.
  const writers = managersOf(object, ['spec', 'replicas']);
  const managers = writers.filter((each) => !isUsers(each));
  // A HorizontalPodAutoscaler does nothing while replicas is 0. KEDA, which creates one, scales up again.
  const fighting = wish === 'scale' ? managers.filter((each) => !isAutoscaler(each)) : managers;
  const why =
    owner !== undefined
      ? `${nameOf(kind, object)} belongs to ${formatTarget(owner)}`
      : fighting.length > 0
        ? `spec.replicas is ${possessive(fighting)}`
        : writers.length === 0 && wish === 'auto'
          ? 'no owner of spec.replicas is recorded'
          : workload.claims?.deletedWhenScaled === true
            ? 'its claims are deleted when it is scaled down'
            : alsoOthers
              ? 'other workloads have to stop, too'
              : undefined;
  if (wish === 'gate') return { value: { method: 'gate', why: why ?? 'you asked for --stop=gate' } };
  if (why === undefined) return { value: { method: 'scale' } };
  return wish === 'scale' ? refused(why) : { value: { method: 'gate', why } };
}

/** A pause needs a workload that stays stopped while the user's own pods may use its claims. */
export function checkPause({ method, why }: Stopping): Failure[] {
  if (method === 'scale') return [];
  const more = why === undefined ? '' : `: ${why}`;
  return [
    failure('precondition', sanitize(`--pause needs a workload that is stopped by scaling${more}`), {
      hint: 'leave out --pause: the present volumes are kept, and undo goes back to them',
    }),
  ];
}

function refused(why: string): Choice<never> {
  return noChoice('precondition', sanitize(`cannot stop the pods by scaling: ${why}`), {
    hint: 'leave out --stop=scale: claims that are being deleted keep the pods from starting',
  });
}

/** Whether the manager writes the field only when a user asks for it. */
function isUsers({ manager = '' }: ManagedFields): boolean {
  return manager === 'helm' || /^kubectl(?:$|[-_])/.test(manager);
}

function isAutoscaler({ manager, subresource }: ManagedFields): boolean {
  return manager === 'kube-controller-manager' && subresource === 'scale';
}

function possessive(managers: readonly ManagedFields[]): string {
  const names = new Set(managers.map(({ manager = 'an unnamed client' }) => `${manager}'s`));
  return [...names].join(' and ');
}

function nameOf(kind: string, { metadata }: KubernetesObject): string {
  return formatTarget({ kind, name: metadata.name ?? '' });
}

/** A pod's conditions, in the kubelet's words. */
import type { Condition, ContainerStatus, Pod } from '#src/api/kubernetes.ts';

import { isSidecar } from './sidecar.ts';

type ConditionContent = Omit<Condition, 'lastTransitionTime'>;

export interface PodContainers {
  readonly inits: readonly ContainerStatus[];
  readonly containers: readonly ContainerStatus[];
}

/** Returns them in the kubelet's order. */
export function podConditions(
  pod: Pod,
  phase: NonNullable<Pod['status']>['phase'],
  statuses: PodContainers,
): ConditionContent[] {
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const containersReady = containersReadyCondition(pod, phase, statuses);
  return [
    { type: 'PodReadyToStartContainers', status: isOver ? 'False' : 'True' },
    initializedCondition(pod, phase, statuses),
    readyCondition(pod, containersReady),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
}

function initializedCondition(
  { spec }: Pod,
  phase: NonNullable<Pod['status']>['phase'],
  { inits, containers }: PodContainers,
): ConditionContent {
  const type = 'Initialized';
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  const incomplete = (spec.initContainers ?? [])
    .filter((container) => {
      const status = inits.find(({ name }) => name === container.name);
      return isSidecar(container) ? status?.started !== true : status?.ready !== true;
    })
    .map(({ name }) => name);
  if (incomplete.length === 0 || containers.some(hasStarted)) return { type, status: 'True' };
  const message = `containers with incomplete status: [${incomplete.join(' ')}]`;
  return { type, status: 'False', reason: 'ContainersNotInitialized', message };
}

function hasStarted({ state, lastState }: ContainerStatus): boolean {
  return state?.running !== undefined || state?.terminated !== undefined || lastState !== undefined;
}

function containersReadyCondition(
  { spec }: Pod,
  phase: NonNullable<Pod['status']>['phase'],
  { inits, containers }: PodContainers,
): ConditionContent {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const sidecars = (spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const unready = [...inits.filter(({ name }) => sidecars.includes(name)), ...containers]
    .filter(({ ready }) => !ready)
    .map(({ name }) => name);
  if (unready.length === 0) return { type, status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { type, status: 'False', reason: 'ContainersNotReady', message };
}

function readyCondition({ spec, status }: Pod, containersReady: ConditionContent): ConditionContent {
  const type = 'Ready';
  if (containersReady.status !== 'True') return { ...containersReady, type };
  const gates = (spec.readinessGates ?? []) as { readonly conditionType: string }[];
  const closed = gates.flatMap(({ conditionType }) => {
    const found = status?.conditions?.find((condition) => condition.type === conditionType);
    if (found?.status === 'True') return [];
    return found
      ? `the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`
      : `corresponding condition of pod readiness gate "${conditionType}" does not exist.`;
  });
  if (closed.length === 0) return { type, status: 'True' };
  return { type, status: 'False', reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
}

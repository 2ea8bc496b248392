/** Computes a pod's status from its containers' reports. */
import type { Container, ContainerStatus, Pod } from '#src/api/kubernetes.ts';
import { withCondition } from '#src/sandbox/controllers/owned-pods.ts';

import type { ContainerReport } from './container-run.ts';
import { podConditions } from './pod-conditions.ts';
import { isSidecar } from './sidecar.ts';

type Status = NonNullable<Pod['status']> & {
  podIPs?: { ip: string }[];
};

/** `reports` contains the containers that have been started; the others are waiting. */
export function podStatus(
  pod: Pod,
  reports: readonly ContainerReport[],
  startTime: string,
  now: Date,
): Status {
  const of = (name: string): ContainerReport | undefined =>
    reports.find(({ container }) => container.name === name);
  const { initContainers = [] } = pod.spec;
  const waitsFor = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const inits = initContainers.map((container) =>
    statusOf(container, of(container.name), waitsFor, !isSidecar(container)),
  );
  const containers = pod.spec.containers.map((container) =>
    statusOf(container, of(container.name), waitsFor, false),
  );
  const failedInit = initContainers.some(
    (container) => !isSidecar(container) && hasFailed(of(container.name)),
  );
  const sidecarsRun = initContainers.some(
    (container) => isSidecar(container) && of(container.name)?.state.running !== undefined,
  );
  const ended = phaseOf(pod.spec.containers.map(({ name }) => of(name)));
  const isOver = ended === 'Succeeded' || ended === 'Failed';
  const phase = failedInit ? 'Failed' : isOver && sidecarsRun ? 'Running' : ended;
  const kept = pod.status?.conditions ?? [];
  const conditions = podConditions(pod, phase, { inits, containers }).reduce(
    (before, condition) => withCondition(before, condition, now),
    kept,
  );
  return {
    ...pod.status,
    phase,
    conditions,
    hostIP: '127.0.0.1',
    podIP: '127.0.0.1',
    podIPs: [{ ip: '127.0.0.1' }],
    startTime,
    ...(inits.length > 0 && { initContainerStatuses: inits }),
    containerStatuses: containers,
  };
}

function hasFailed(report: ContainerReport | undefined): boolean {
  return report?.final === true && report.state.terminated?.exitCode !== 0;
}

function phaseOf(reports: readonly (ContainerReport | undefined)[]): NonNullable<Status['phase']> {
  if (reports.some((report) => report === undefined || isBeforeItsStart(report))) {
    return 'Pending';
  }
  if (!reports.every((report) => report?.final === true)) return 'Running';
  return reports.some(hasFailed) ? 'Failed' : 'Succeeded';
}

function isBeforeItsStart({ state: { waiting } }: ContainerReport): boolean {
  return waiting !== undefined && waiting.reason !== 'CrashLoopBackOff';
}

/** `ends`: an init container, which is complete once it has succeeded. */
function statusOf(
  { name, image = '' }: Container,
  report: ContainerReport | undefined,
  waitsFor: string,
  ends: boolean,
): ContainerStatus {
  const isRunning = report?.state.running !== undefined;
  const isDone = ends && report?.state.terminated?.exitCode === 0;
  return {
    name,
    image,
    imageID: image,
    ready: ends ? isDone : isRunning && report.started && report.ready,
    started: ends ? false : isRunning && report.started,
    restartCount: report?.restarts ?? 0,
    state: report?.state ?? { waiting: { reason: waitsFor } },
    ...(report?.lastState && { lastState: report.lastState }),
  };
}

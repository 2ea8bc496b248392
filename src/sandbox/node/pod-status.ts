/** A pod's status, from what its containers do. */
import type { Condition, ContainerStatus, Pod } from '#src/api/kubernetes.ts';
import { withCondition } from '#src/sandbox/controllers/owned-pods.ts';

import type { ContainerReport } from './container-run.ts';

type Status = NonNullable<Pod['status']> & {
  initContainerStatuses?: ContainerStatus[];
  podIPs?: { ip: string }[];
};

/** `reports` holds those that have been started; the others wait. */
export function podStatus(
  pod: Pod,
  reports: readonly ContainerReport[],
  startTime: string,
  now: Date,
): Status {
  const of = (name: string): ContainerReport | undefined =>
    reports.find(({ container }) => container.name === name);
  const inits = (pod.spec.initContainers ?? []).map((container) =>
    statusOf(container, of(container.name), 'PodInitializing', true),
  );
  const waitsFor = inits.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const containers = pod.spec.containers.map((container) =>
    statusOf(container, of(container.name), waitsFor, false),
  );
  const failedInit = (pod.spec.initContainers ?? []).some((container) => hasFailed(of(container.name)));
  const initialized = inits.every(({ state }) => state?.terminated?.exitCode === 0);
  const all = pod.spec.containers.map((container) => of(container.name));
  const phase = failedInit ? 'Failed' : phaseOf(all);
  const ready = phase === 'Running' && containers.every((container) => container.ready);
  const completed = phase === 'Succeeded' ? 'PodCompleted' : undefined;
  const unready = containers.filter((container) => !container.ready).map(({ name }) => name);
  const why = {
    reason: completed ?? 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  };
  const incomplete = inits.filter(({ state }) => state?.terminated?.exitCode !== 0).map(({ name }) => name);
  const found: Omit<Condition, 'lastTransitionTime'>[] = [
    { type: 'PodScheduled', status: 'True' },
    initialized
      ? { type: 'Initialized', status: 'True' }
      : {
          type: 'Initialized',
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${incomplete.join(' ')}]`,
        },
    ready
      ? { type: 'ContainersReady', status: 'True' }
      : { type: 'ContainersReady', status: 'False', ...why },
    ready ? { type: 'Ready', status: 'True' } : { type: 'Ready', status: 'False', ...why },
  ];
  const conditions = found.reduce(
    (before, condition) => withCondition(before, condition, now),
    pod.status?.conditions ?? [],
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

function statusOf(
  { name, image = '' }: { name: string; image?: string },
  report: ContainerReport | undefined,
  waitsFor: string,
  isInit: boolean,
): ContainerStatus {
  const running = report?.state.running !== undefined;
  const done = isInit && report?.state.terminated?.exitCode === 0;
  return {
    name,
    image,
    imageID: image,
    ready: isInit ? done : running && report.ready,
    started: running,
    restartCount: report?.restarts ?? 0,
    state: report?.state ?? { waiting: { reason: waitsFor } },
    ...(report?.lastState && { lastState: report.lastState }),
  };
}

/** Whether the operator's Jobs run: no session has a condition about a trigger's Job, since it begins the session. */
import type { Job, OwnerReference, Stored } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import type { Component } from '#src/api/operator.ts';
import { cronJobs, jobs, pods } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { jobState } from '#src/domain/session/job-state.ts';

import { whereRead, type CheckOfNamespace, type JobsSeen } from './check.ts';
import { fewOf } from './few.ts';

const trigger: Component = 'trigger';

export const operatorJobs: CheckOfNamespace = {
  name: 'operator-jobs',
  of: 'namespace',
  about:
    "No Job of the operator waits for what a person has to repair, such as an image that cannot be pulled, and the newest Job of each schedule's CronJob has not failed. Pods are read only for Jobs that have not ended.",
  rights: [
    { verb: 'list', resource: jobs },
    { verb: 'list', resource: pods },
  ],
  after: ['operator'],
  find: ({ operatorJobs: read }) =>
    whereRead(read, (seen) =>
      fewOf(
        seen.jobs.flatMap((job) => judge(job, seen)),
        (rest) => `${rest} more Jobs of the operator do not run`,
      ),
    ),
};

function judge(job: Stored<Job>, { jobs: all, pods: seen }: JobsSeen): Finding[] {
  const { name, namespace = '' } = job.metadata;
  const state = jobState(job, seen);
  const hint = commandLine`kubectl describe job ${name} -n ${namespace}`;
  if (state.state === 'waiting' && state.stuck) {
    return [failure('precondition', sanitize(`job ${name} does not run: ${state.why}`), { hint })];
  }
  const isOfSchedule = job.metadata.labels?.[label.component] === trigger;
  if (state.state !== 'failed' || !isOfSchedule || all.some((each) => isLater(each, job))) return [];
  return [{ level: 'warn', message: sanitize(`job ${name} began no session: ${state.why}`), hint }];
}

/** Compares two Jobs of one CronJob. */
function isLater({ metadata }: Stored<Job>, than: Stored<Job>): boolean {
  const owner = cronJobOf(than);
  return (
    owner !== undefined &&
    metadata.creationTimestamp > than.metadata.creationTimestamp &&
    metadata.ownerReferences?.some(({ uid }) => uid === owner.uid) === true
  );
}

function cronJobOf({ metadata: { ownerReferences = [] } }: Stored<Job>): OwnerReference | undefined {
  return ownerReferences.find(({ kind }) => kind === cronJobs.kind);
}

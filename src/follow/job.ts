/** Judges a session by the operator's Job that carries it out. */
import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import { jobState } from '#src/domain/session/job-state.ts';
import type { Verdict } from '#src/domain/session/progress.ts';

export interface JobSeen {
  readonly job: Stored<Job> | undefined;
  /** Undefined: not read yet, or the user may not read them. */
  readonly pods: readonly Stored<Pod>[] | undefined;
}

/** A Job that failed ends the session, whatever its status says: AppsCode's operator leaves it Running for ever. */
export function jobVerdict({ job, pods = [] }: JobSeen): Verdict | undefined {
  if (job === undefined) return undefined;
  const seen = jobState(job, pods);
  if (seen.state !== 'failed') return undefined;
  const { name } = job.metadata;
  return { outcome: 'failed', message: `job ${name} failed: ${seen.why}`, culprit: `job/${name}` };
}

/** Our operator writes the session's end after its Job has failed, and says more than the Job does. */
export function isOfOurOperator({ job }: JobSeen): boolean {
  return job?.metadata.labels?.[label.managedBy] === managedBy;
}

export function jobNotes({ job, pods }: JobSeen): string[] {
  if (job === undefined) return [];
  const name = `job ${job.metadata.name}`;
  const { active = 0, failed = 0 } = job.status ?? {};
  const tries = failed > 0 ? `, ${failed} of its pods failed` : '';
  const seen = jobState(job, pods ?? []);
  switch (seen.state) {
    case 'failed':
      return [`${name} failed: ${seen.why}`];
    case 'succeeded':
      return [`${name} has ended`];
    case 'running':
      return [`${name} runs in pod ${seen.pod}${tries}`];
    case 'waiting':
      if (pods === undefined) return [`${name} ${active > 0 ? 'is running' : 'has no running pod'}${tries}`];
      return [`${name} waits: ${seen.why}${tries}`];
  }
}

/** The note for a Job that was deleted before the session's end. */
export function deletedNote(jobName: string): string {
  return `job ${jobName} was deleted while the session ran`;
}

/** Whether the Job has a pod that goes on with the session, or creates one, so that no executor has to take over. */
export function goesOn({ job, pods = [] }: JobSeen): boolean {
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return false;
  const { state } = jobState(job, pods);
  return state === 'waiting' || state === 'running';
}

/** Judges a session by the operator's Job that carries the session out. */
import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import { jobState } from '#src/domain/session/job-state.ts';
import type { Verdict } from '#src/domain/session/progress.ts';

export interface JobSeen {
  readonly job: Stored<Job> | undefined;
  /** Undefined if not read yet, or if the user may not read pods. */
  readonly pods: readonly Stored<Pod>[] | undefined;
}

/**
 * A failed Job ends the session, whatever the session's status says: AppsCode's operator leaves it Running for ever.
 */
export function jobVerdict({ job, pods = [] }: JobSeen): Verdict | undefined {
  if (job === undefined) return undefined;
  const seen = jobState(job, pods);
  if (seen.state !== 'failed') return undefined;
  const { name } = job.metadata;
  return { outcome: 'failed', message: `job ${name} failed: ${seen.why}`, culprit: `job/${name}` };
}

/**
 * Whether our operator created the Job. After a failed Job, it writes the session's end, which says more than the Job
 * does.
 */
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

/** Returns the note for a Job that was deleted before the session's end. */
export function deletedNote(jobName: string): string {
  return `job ${jobName} was deleted while the session ran`;
}

/** Whether the Job has or creates a pod that continues the session, so that no executor has to take over. */
export function goesOn({ job, pods = [] }: JobSeen): boolean {
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return false;
  const { state } = jobState(job, pods);
  return state === 'waiting' || state === 'running';
}

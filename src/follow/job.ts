/** What an operator's Job tells about the session that it carries out. */
import type { Job, Stored } from '#src/api/kubernetes.ts';
import type { Verdict } from '#src/domain/progress.ts';

/** A Job that failed ends the session, whatever its status says: AppsCode's operator leaves it Running for ever. */
export function jobVerdict(job: Stored<Job> | undefined): Verdict | undefined {
  const failed = job?.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (job === undefined || failed === undefined) return undefined;
  const why = failed.message ?? failed.reason ?? 'no reason given';
  return { outcome: 'failed', message: `job ${job.metadata.name} failed: ${why}` };
}

export function jobNote(job: Stored<Job> | undefined): string[] {
  if (job === undefined) return [];
  const { active = 0, failed = 0 } = job.status ?? {};
  const tries = failed > 0 ? `, ${failed} of its pods failed` : '';
  return [`job ${job.metadata.name} ${active > 0 ? 'is running' : 'has no running pod'}${tries}`];
}

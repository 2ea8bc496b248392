/** Makes sure that every RestoreSession is carried out and reaches a final phase. */
import { clusterRole } from '#src/api/operator.ts';
import { restoreSessions } from '#src/api/resources.ts';
import { decideRestoreSession } from '#src/domain/operator/decide-restore-session.ts';
import { buildJobRights } from '#src/domain/operator/build-job-rights.ts';
import { buildRestoreJob } from '#src/domain/operator/build-session-job.ts';
import { withPending } from '#src/domain/operator/mark-restore.ts';
import { isExecutorEnsured } from '#src/domain/session/end-status.ts';
import { restoreEnd } from '#src/domain/operator/end-words.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { isTargetKind } from '#src/domain/workload/target.ts';
import { restore } from '#src/session/kinds/restore.ts';

import { ensureJobRights, jobRoleKind } from './job-rights.ts';
import type { Reconciler } from './reconciler.ts';
import { restoreSteps } from './restore-session-steps.ts';
import { sessionReconciler } from './session-reconciler.ts';
import type { World } from './world.ts';

export function restoreSessionReconciler(world: World): Reconciler {
  const { caches, clock, cluster, options } = world;
  const kept = { resource: restoreSessions, cache: caches.restoreSessions };
  return sessionReconciler(world, {
    kind: restore,
    kept,
    reads: ['restoreSessions', 'jobs', 'pods', 'targets'],
    groupOf: ({ spec }) => targetGroup(spec.target?.ref?.kind, spec.target?.ref?.name),
    look: (session, executor) => ({
      ...executor,
      session,
      ensured: isExecutorEnsured('Restore', session.status?.conditions),
      isThere: (target) => caches.targets[target.kind].get(target.namespace, target.name) !== undefined,
    }),
    decide: decideRestoreSession,
    apply: restoreSteps(world, kept),
    contextOf: () => ({ claimsPerSession: options.claimsPerSession }),
    async prepareJob({ session }) {
      await ensureJobRights(cluster, buildJobRights(session, [clusterRole.restorer], jobRoleKind(options)));
      return buildRestoreJob(session, options);
    },
    mark: (present, condition) => withPending(present, condition, clock.now()),
    endWords: restoreEnd,
    triggers(enqueue, index) {
      for (const [kind, targets] of Object.entries(caches.targets)) {
        targets.onChange(({ metadata: { namespace = '', name } }) => {
          for (const session of index.ofGroup(namespace, targetGroup(kind, name))) {
            if (!isFinal(session)) enqueue(session);
          }
        });
      }
    },
  });
}

/** The index key of a session's target; '' if the session names none, which is the usual case. */
function targetGroup(kind: string | undefined, name = ''): string {
  return isTargetKind(kind) ? `${kind} ${name}` : '';
}

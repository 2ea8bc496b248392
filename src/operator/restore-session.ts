/** Sees to it that every RestoreSession is carried out by somebody, and comes to an end. */
import { restoreSessions } from '#src/api/resources.ts';
import { decideRestoreSession } from '#src/domain/operator/decide-restore-session.ts';
import { isExecutorEnsured } from '#src/domain/operator/end-session.ts';
import { restoreEnd } from '#src/domain/operator/end-words.ts';
import { restoreJobName } from '#src/domain/workload/names.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { isTargetKind } from '#src/domain/workload/target.ts';

import type { Reconciler } from './reconciler.ts';
import { restoreSteps } from './restore-session-steps.ts';
import { sessionReconciler } from './session-reconciler.ts';
import type { World } from './world.ts';

export function restoreSessionReconciler(world: World): Reconciler {
  const { caches } = world;
  return sessionReconciler(world, {
    kind: 'restore',
    kept: { resource: restoreSessions, cache: caches.restoreSessions },
    groupOf: ({ spec }) => targetGroup(spec.target?.ref?.kind, spec.target?.ref?.name),
    jobNameOf: restoreJobName,
    look: (session, executor) => ({
      ...executor,
      session,
      ensured: isExecutorEnsured('Restore', session.status?.conditions),
      isThere: (target) => caches.targets[target.kind].get(target.namespace, target.name) !== undefined,
    }),
    decide: decideRestoreSession,
    steps: restoreSteps,
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

/** Most name none. */
function targetGroup(kind: string | undefined, name = ''): string {
  return isTargetKind(kind) ? `${kind} ${name}` : '';
}

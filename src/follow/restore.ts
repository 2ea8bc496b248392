/** Follows a RestoreSession. */
import { persistentVolumeClaims, pods, restoreSessions, storageClasses } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { observe } from '#src/cluster/observe.ts';
import { claimProgress } from '#src/domain/restore/claim-progress.ts';
import { podsUsing } from '#src/domain/restore/claims-in-the-way.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { restoreJobName } from '#src/domain/workload/names.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';
import { restoreProgress } from '#src/domain/restore/restore-progress.ts';
import { bindsLate } from '#src/domain/restore/storage-class.ts';
import { readTarget } from '#src/domain/workload/target.ts';

import { follow, type Followed, type FollowEnvironment, type FollowOptions } from './follow.ts';

export function followRestore(
  environment: FollowEnvironment,
  session: { readonly name: string; readonly namespace: string },
  options: FollowOptions,
): Promise<Followed> {
  const { cluster } = environment;
  const { name, namespace } = session;
  return follow<RestoreSession>(
    environment,
    {
      resource: restoreSessions,
      name,
      namespace,
      jobName: restoreJobName(name),
      watch: (signal, ring) => {
        const made = observe(cluster, persistentVolumeClaims, { namespace }, signal, ring);
        // Without these a claim that waits for its first consumer looks like one that waits for its volume.
        const running = observe(cluster, pods, { namespace }, signal, ring);
        const classes = observe(cluster, storageClasses, {}, signal, ring);
        return {
          made,
          beside: [running, classes],
          progress: (session, notes) => {
            const claims = expandTemplates(session).map((template): ClaimProgress => {
              const claim = template.metadata.name ?? '';
              const stat = session.status?.stats?.find(({ hostname }) => hostname === claim);
              const row = claimProgress(template, made.items.get(claim), {
                waitsForConsumer:
                  stat?.phase === 'Unknown' || bindsLate(template, [...classes.items.values()]),
                pod: podsUsing(claim, [...running.items.values()])[0],
              });
              return stat?.phase === 'Failed' && row.phase !== 'Succeeded'
                ? { ...row, phase: 'Failed', message: stat.error ?? row.message }
                : row;
            });
            return restoreProgress({
              session,
              target: readTarget(session),
              claims,
              timeoutMs: options.timeoutMs,
              notes,
            });
          },
        };
      },
    },
    options,
  );
}

/** Computes the progress of each claim of a RestoreSession that another executor carries out. */
import type { PersistentVolumeClaim, Pod, StorageClass, Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';
import { isFinal } from '#src/domain/session/session-status.ts';

import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';

import { claimProgress } from './claim-progress.ts';
import { podsUsing } from './claims-in-the-way.ts';
import { expandTemplates } from './expand-templates.ts';
import { bindsLate } from './storage-class.ts';

export interface Followed {
  /** By name. */
  readonly claims: ReadonlyMap<string, Stored<PersistentVolumeClaim>>;
  readonly classes: readonly Stored<StorageClass>[];
  readonly pods: readonly Stored<Pod>[];
}

/** Returns one row for each template. Throws 'invalid' if the templates are invalid. */
export function followedClaims(
  session: Stored<RestoreSession>,
  { claims, classes, pods }: Followed,
): ClaimProgress[] {
  const stats = new Map(session.status?.stats?.map((stat) => [stat.hostname, stat]));
  return expandTemplates(session, mostClaimsPerSession).map((template): ClaimProgress => {
    const name = template.metadata.name ?? '';
    const stat = stats.get(name);
    const claim = claims.get(name);
    const seen = claimProgress(template, claim, {
      waitsForConsumer: stat?.phase === 'Unknown' || bindsLate(template, classes),
      pod: podsUsing(name, pods)[0],
    });
    const isGone = claim === undefined && isFinal(session);
    const row = isGone ? { ...seen, message: 'the claim does not exist' } : seen;
    return stat?.phase === 'Failed' && row.phase !== 'Succeeded'
      ? { ...row, phase: 'Failed', message: stat.error ?? row.message }
      : row;
  });
}

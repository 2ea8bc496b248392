/** What a GitOps tool does with the claims of a restore. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims } from '#src/api/resources.ts';
import type { Finding } from '#src/domain/finding.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { gitopsToolOf, isReplaced } from '#src/domain/workload/gitops-tool.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import type { CheckOfTarget } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';

export const gitops: CheckOfTarget = {
  name: 'gitops',
  of: 'target',
  about:
    'Whether Argo CD, Flux or Helm owns the claims, by their labels and annotations, and whether a sync would fail on restored ones: those have a dataSource, which Replace=true and Force=true cannot change.',
  lists: [persistentVolumeClaims],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) => {
      const replaced = claims.filter(isReplaced).map(nameOf);
      if (replaced.length > 0) return [fightsOver(replaced)];
      const tools = new Set(claims.flatMap((claim) => gitopsToolOf(claim) ?? []));
      if (tools.size === 0) return [];
      const owners = [...tools].join(' and ');
      return [
        {
          level: 'ok',
          message: `${owners} owns the claims: a restore under their own names keeps its marks, a copy gets none`,
        },
      ];
    }),
};

function fightsOver(claims: readonly string[]): Finding {
  return {
    level: 'warn',
    message: sanitize(
      `Argo CD replaces claim ${inWords(claims)} at each sync (Replace=true or Force=true): after a restore, the sync fails`,
    ),
    hint: 'take Replace=true and Force=true out of the annotation argocd.argoproj.io/sync-options in Git before a restore',
  };
}

function nameOf({ metadata }: Stored<PersistentVolumeClaim>): string {
  return metadata.name;
}

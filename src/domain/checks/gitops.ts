/** What a GitOps tool does with the claims of a restore. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims } from '#src/api/resources.ts';
import type { Finding } from '#src/domain/finding.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { gitopsToolOf, instanceLabel, isNeverPruned, isReplaced } from '#src/domain/workload/gitops-tool.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import type { CheckOfTarget } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';

export const gitops: CheckOfTarget = {
  name: 'gitops',
  of: 'target',
  about:
    'Whether Argo CD, Flux or Helm owns the claims, by their labels and annotations, and whether a sync would fail on restored ones: those have a dataSource, which Replace=true and Force=true cannot change. Says whether the tool deletes a claim that Git no longer has, and, where the server has kinds of Argo CD, which claims carry the label app.kubernetes.io/instance, by which Argo CD before 3 knows its objects.',
  lists: [persistentVolumeClaims],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) => {
      const replaced = claims.filter(isReplaced).map(nameOf);
      if (replaced.length > 0) return [fightsOver(replaced)];
      const tools = new Set(claims.flatMap((claim) => gitopsToolOf(claim) ?? []));
      if (tools.size === 0) return byLabel(facts.groups, claims);
      const owners = [...tools].join(' and ');
      const pruned = claims.some((claim) => !isNeverPruned(claim))
        ? ', and deletes a claim that Git or the chart no longer has'
        : '';
      return [
        {
          level: 'ok',
          message: `${owners} owns the claims: a restore under their own names keeps its marks, a copy gets none${pruned}`,
        },
      ];
    }),
};

/** The group of Argo CD's Application. */
const argoGroup = 'argoproj.io';

function byLabel(groups: readonly string[], claims: readonly Stored<PersistentVolumeClaim>[]): Finding[] {
  if (!groups.includes(argoGroup)) return [];
  const labelled = claims.filter(({ metadata }) => metadata.labels?.[instanceLabel] !== undefined);
  if (labelled.length === 0) return [];
  return [
    {
      level: 'warn',
      message: sanitize(
        `claim ${inWords(labelled.map(nameOf))} has label ${instanceLabel}: Argo CD may take it for its own, and delete it if Git does not have it`,
      ),
      hint: 'let Argo CD know its objects by annotation: application.resourceTrackingMethod in ConfigMap argocd-cm',
    },
  ];
}

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

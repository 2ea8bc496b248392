/** Finds the rights that the user lacks to restore in place. */
import { lackedRights } from '#src/domain/checks/rights.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, refuse } from '#src/domain/finding.ts';
import type { Right } from '#src/domain/rights.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import type { NamespaceReader } from './namespace-reader.ts';

export interface LackedRights {
  readonly inNamespace: readonly Right[];
  readonly ofCluster: readonly Right[];
}

/**
 * Asks the API server about each right: the rules that it lists for a namespace say nothing about cluster-scoped kinds.
 */
export async function lackedOf(reader: NamespaceReader, rights: readonly Right[]): Promise<LackedRights> {
  const [inNamespace, ofCluster] = await Promise.all([
    reader.missing(rights.filter(({ resource }) => resource.namespaced)),
    reader.lacking(rights.filter(({ resource }) => !resource.namespaced)),
  ]);
  return { inNamespace, ofCluster };
}

/** Rejects with 'forbidden' if the user lacks one of these rights. */
export async function demand(reader: NamespaceReader, user: string, rights: readonly Right[]): Promise<void> {
  const { inNamespace, ofCluster } = await lackedOf(reader, rights);
  refuse(lackedRights(inNamespace, user, reader.namespace));
  const [first] = ofCluster;
  if (first === undefined) return;
  const verbs = ofCluster.map(({ verb }) => verb).join(', ');
  const { plural } = first.resource;
  const why = sanitize(`cannot restore in place: user "${user}" may not ${verbs} ${plural}`);
  refuse([
    failure('forbidden', why, {
      hint: `an administrator may grant that, or restore beside the claims, with --suffix\n${commandLine`kubectl auth can-i ${first.verb} ${plural}`}`,
      right: first,
    }),
  ]);
}

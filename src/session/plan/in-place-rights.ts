/** Which rights the user lacks to restore in place. */
import type { Right } from '#src/domain/rights.ts';

import type { NamespaceReader } from './namespace-reader.ts';

export interface LackedRights {
  readonly inNamespace: readonly Right[];
  readonly ofCluster: readonly Right[];
}

/** The rules that the API server lists for a namespace say nothing of cluster-scoped kinds: it is asked for each. */
export async function lackedOf(reader: NamespaceReader, rights: readonly Right[]): Promise<LackedRights> {
  const [inNamespace, ofCluster] = await Promise.all([
    reader.missing(rights.filter(({ resource }) => resource.namespaced)),
    reader.lacking(rights.filter(({ resource }) => !resource.namespaced)),
  ]);
  return { inNamespace, ofCluster };
}

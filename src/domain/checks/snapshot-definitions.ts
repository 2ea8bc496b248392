/** Whether the definitions of the snapshot API can be upgraded: the API server refuses to drop a version that it has stored. */
import type { CustomResourceDefinition, Stored } from '#src/api/kubernetes.ts';
import { customResourceDefinitions, volumeSnapshots } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Finding } from '#src/domain/finding.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { whereRead, type CheckOfCluster } from './check.ts';

export const snapshotDefinitions: CheckOfCluster = {
  name: 'snapshot-definitions',
  of: 'cluster',
  about:
    'The CustomResourceDefinitions of the snapshot API store v1, and have stored nothing else: while status.storedVersions names another version, the API server refuses definitions without it.',
  rights: [{ verb: 'get', resource: customResourceDefinitions }],
  after: ['snapshot-api'],
  find: ({ definitions }) => whereRead(definitions, (all) => all.flatMap(judge)),
};

function judge({ metadata, spec, status }: Stored<CustomResourceDefinition>): Finding[] {
  const current = volumeSnapshots.version;
  const stores = spec.versions.filter(({ storage }) => storage).map(({ name }) => name);
  const old = [...new Set([...stores, ...(status?.storedVersions ?? [])])].filter((each) => each !== current);
  if (old.length === 0) return [];
  const { plural } = spec.names;
  const upgrade = stores.includes(current) ? '' : `install definitions that store ${current}; then `;
  return [
    {
      level: 'warn',
      message: sanitize(
        `${plural} may be stored as ${inWords(old)}: the API server refuses definitions that have ${current} only`,
      ),
      hint: `${upgrade}write each of the ${plural} again unchanged, as kube-storage-version-migrator does, and set status.storedVersions to ${current}\n${commandLine`kubectl get crd ${metadata.name} -o yaml`}`,
    },
  ];
}

/** Sessions without a holder, whose executor stopped while the application was quiesced. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';

import { note } from './hooked.ts';

export const shell = (command: string) => ({ exec: { command: ['/bin/sh', '-c', command] } });

/** A backup of deployment `app` with claim `data`, and its configuration. */
export async function backupLeftQuiesced(
  cluster: Cluster,
  namespace: string,
  { snapshotClass, status }: { snapshotClass?: string; status: BackupSession['status'] },
): Promise<Stored<BackupSession>> {
  const target: Target = { kind: 'Deployment', name: 'app', namespace };
  const built = buildConfiguration(target, snapshotClass);
  const hooks = { preBackup: shell(note('freeze')), postBackup: shell(note('thaw')) };
  const configuration = await cluster.create<BackupConfiguration>(backupConfigurations, {
    ...built,
    spec: { ...built.spec, hooks },
  });
  await cluster.create<BackupSession>(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name: 'left-1',
      namespace,
      annotations: {
        ...targetAnnotation(target),
        [annotation.sessionClaims]: '["data"]',
        [annotation.executor]: '',
        [annotation.quiescedSince]: new Date().toISOString(),
      },
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: configuration.metadata.name } },
  });
  const at = { name: 'left-1', namespace };
  return cluster.patch<BackupSession>(backupSessions, at, { status }, { subresource: 'status' });
}

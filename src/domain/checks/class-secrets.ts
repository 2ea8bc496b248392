/** Whether the secrets exist that the snapshot classes name. */
import { persistentVolumeClaims, secrets, volumeSnapshotClasses } from '#src/api/resources.ts';
import { secretsOf } from '#src/domain/backup/class-secrets.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure } from '#src/domain/finding.ts';

import { whereRead, type CheckOfTarget } from './check.ts';
import { chosenClasses } from './snapshot-classes.ts';

export const classSecrets: CheckOfTarget = {
  name: 'class-secrets',
  of: 'target',
  about:
    'The secrets exist that the parameters of the snapshot class name (csi.storage.k8s.io/snapshotter-secret-name and -list-secret-name). Only their metadata is read.',
  lists: [persistentVolumeClaims, volumeSnapshotClasses],
  rights: [{ verb: 'list', resource: secrets }],
  after: ['snapshot-api', 'snapshot-classes'],
  find: (facts, subject) =>
    chosenClasses(facts, subject).flatMap((snapshotClass) =>
      secretsOf(snapshotClass, facts.namespace).flatMap(({ name, namespace }) => {
        const read = facts.secrets.get(`${namespace}/${name}`);
        if (read === undefined) return [];
        const of = `volume snapshot class ${snapshotClass.metadata.name}`;
        return whereRead(read, (exists) =>
          exists
            ? [{ level: 'ok', message: `secret ${namespace}/${name} of ${of} exists` }]
            : [
                failure('precondition', `secret ${namespace}/${name} of ${of} does not exist`, {
                  hint: `create the secret with the credentials of the driver, or correct the class\n${commandLine`kubectl describe volumesnapshotclass ${snapshotClass.metadata.name}`}`,
                }),
              ],
        );
      }),
    ),
};

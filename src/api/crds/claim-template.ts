/**
 * A claim that a restore creates: the Kubernetes type. The fields that the operator reads are validated; all
 * other fields are kept as they are.
 */
import { kept, list, map, object, quantity, string, strings } from '../schema.ts';

const amounts = (description: string) => map(description, quantity('Such as 1Gi.'));

const source = {
  apiGroup: string('API group of its kind; snapshot.storage.k8s.io for a VolumeSnapshot.'),
  kind: string('Its kind, such as VolumeSnapshot.'),
  name: string('Its name.'),
};

const metadata = kept('Metadata of the claim. ${POD_ORDINAL} in the name is replaced by each ordinal.', {
  name: string('Name of the claim.'),
  generateName: string('Prefix of a name that the API server completes.'),
  namespace: string('Namespace of the claim.'),
  labels: map('Labels of the claim.', string('Value of the label.')),
  annotations: map('Annotations of the claim.', string('Value of the annotation.')),
});

const spec = kept('Spec of the claim.', {
  accessModes: strings('How the volume may be mounted.'),
  resources: kept('Size of the volume.', {
    requests: amounts('At least this much.'),
    limits: amounts('At most this much.'),
  }),
  storageClassName: string('Storage class of the volume.'),
  volumeMode: string('Filesystem or Block.'),
  volumeName: string('The volume to bind to.'),
  dataSource: kept('The snapshot that fills the volume.', source, ['kind', 'name']),
  dataSourceRef: kept(
    'The snapshot that fills the volume; may be of any kind.',
    { ...source, namespace: string('Its namespace.') },
    ['kind', 'name'],
  ),
  selector: kept('Labels that the volume must have.'),
});

export const volumeClaimTemplates = list(
  'The claims to create, each for every replica.',
  object('One claim.', {
    apiVersion: string('v1.'),
    kind: string('PersistentVolumeClaim.'),
    metadata,
    spec,
    status: kept('Ignored by a restore.'),
  }),
);

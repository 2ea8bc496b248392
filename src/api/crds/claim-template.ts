/**
 * A claim that a restore creates: the Kubernetes type. The fields that the operator reads are validated; all
 * other fields are kept as they are.
 */
import { kept, list, map, object, quantity, string, strings } from './schema.ts';

const amounts = (description: string) => map(description, quantity('Such as 1Gi.'));

const source = {
  apiGroup: string('API group of its kind; snapshot.storage.k8s.io for a VolumeSnapshot.'),
  kind: string('Its kind, such as VolumeSnapshot.'),
  name: string('Its name.'),
};

const metadata = kept('What the claim is called: ${POD_ORDINAL} stands for each replica in turn.', {
  name: string('Name of the claim.'),
  generateName: string('Beginning of a name that the server completes.'),
  namespace: string('Namespace of the claim.'),
  labels: map('Labels of the claim.', string('Value of the label.')),
  annotations: map('Annotations of the claim.', string('Value of the annotation.')),
});

const spec = kept('What the claim asks for.', {
  accessModes: strings('How the volume may be mounted.'),
  resources: kept('How large it must be.', {
    requests: amounts('At least this much.'),
    limits: amounts('At most this much.'),
  }),
  storageClassName: string('Storage class of the volume.'),
  volumeMode: string('Filesystem or Block.'),
  volumeName: string('The volume to bind to.'),
  dataSource: kept('The snapshot that fills the volume.', source, ['kind', 'name']),
  dataSourceRef: kept(
    'The snapshot that fills the volume, where it may be of any kind.',
    { ...source, namespace: string('Its namespace.') },
    ['kind', 'name'],
  ),
  selector: kept('Labels that the volume must have.'),
});

export const volumeClaimTemplates = list(
  'The claims to create, each once for every replica.',
  object('One claim.', {
    apiVersion: string('v1.'),
    kind: string('PersistentVolumeClaim.'),
    metadata,
    spec,
    status: kept('Nothing that a restore reads.'),
  }),
);

/**
 * Table columns of built-in kinds, after the name, by collection. A kind that is missing here shows its age
 * only.
 */
import { at, listAt, numberAt, objectAt, stringAt, type JsonObject } from '../json.ts';
import type { StoredObject } from '../object.ts';
import { selectorText } from '../scale.ts';
import { ageOf } from './age.ts';
import { containerColumns, cronJobColumns, jobColumns } from './batch-columns.ts';
import { ageColumn, column, count, text, wide, type Column } from './column.ts';
import { policyColumns } from './policy-columns.ts';

const templateContainers = containerColumns('spec', 'template');
const podTemplateColumns = [
  ...templateContainers,
  ...wide(column('Selector', (it) => selectorText(it) || '<none>')),
];

const readyOfReplicas = column(
  'Ready',
  (it) => `${numberAt(it, 'status', 'readyReplicas') ?? 0}/${numberAt(it, 'spec', 'replicas') ?? 0}`,
);

const replicaColumns = [
  count('Desired', 'spec', 'replicas'),
  count('Current', 'status', 'replicas'),
  count('Ready', 'status', 'readyReplicas'),
  ageColumn,
  ...podTemplateColumns,
];

const attributesClass = column(
  'VolumeAttributesClass',
  (it) => stringAt(it, 'spec', 'volumeAttributesClassName') ?? '<unset>',
);
const volumeMode: Column = { ...text('VolumeMode', 'spec', 'volumeMode'), priority: 1 };

export const builtInColumns: Readonly<Record<string, readonly Column[]>> = {
  '/namespaces': [text('Status', 'status', 'phase'), ageColumn],
  '/pods': [
    column('Ready', (it) => {
      const ready = containerStatuses(it).filter((status) => at(status, 'ready') === true);
      return `${ready.length}/${listAt(it, 'spec', 'containers').length}`;
    }),
    column('Status', podStatus),
    column('Restarts', (it) =>
      String(
        containerStatuses(it).reduce<number>(
          (sum, status) => sum + (numberAt(status, 'restartCount') ?? 0),
          0,
        ),
      ),
    ),
    ageColumn,
    ...wide(
      column('IP', (it) => stringAt(it, 'status', 'podIP') ?? '<none>'),
      column('Node', (it) => stringAt(it, 'spec', 'nodeName') ?? '<none>'),
      column('Nominated Node', (it) => stringAt(it, 'status', 'nominatedNodeName') ?? '<none>'),
      column('Readiness Gates', () => '<none>'),
    ),
  ],
  '/persistentvolumeclaims': [
    column('Status', volumePhase),
    text('Volume', 'spec', 'volumeName'),
    column('Capacity', (it) =>
      stringAt(it, 'spec', 'volumeName') ? (stringAt(it, 'status', 'capacity', 'storage') ?? '0') : '',
    ),
    column('Access Modes', (it) => shortModes(listAt(it, 'status', 'accessModes'))),
    text('StorageClass', 'spec', 'storageClassName'),
    attributesClass,
    ageColumn,
    volumeMode,
  ],
  '/persistentvolumes': [
    text('Capacity', 'spec', 'capacity', 'storage'),
    column('Access Modes', (it) => shortModes(listAt(it, 'spec', 'accessModes'))),
    text('Reclaim Policy', 'spec', 'persistentVolumeReclaimPolicy'),
    column('Status', volumePhase),
    column('Claim', (it) => {
      const claimRef = objectAt(it, 'spec', 'claimRef');
      const name = stringAt(claimRef, 'name');
      return name === undefined ? '' : `${stringAt(claimRef, 'namespace') ?? ''}/${name}`;
    }),
    text('StorageClass', 'spec', 'storageClassName'),
    attributesClass,
    text('Reason', 'status', 'reason'),
    ageColumn,
    volumeMode,
  ],
  '/configmaps': [column('Data', (it) => Object.keys(objectAt(it, 'data')).length), ageColumn],
  '/events': [
    column('Last Seen', (it, now) =>
      ageOf(stringAt(it, 'lastTimestamp') ?? it.metadata.creationTimestamp, now),
    ),
    text('Type', 'type'),
    text('Reason', 'reason'),
    column('Object', (it) => {
      const { kind, name } = objectAt(it, 'involvedObject');
      return `${String(kind).toLowerCase()}/${String(name)}`;
    }),
    text('Message', 'message'),
  ],
  '/replicationcontrollers': replicaColumns,
  'apps/replicasets': replicaColumns,
  'apps/deployments': [
    readyOfReplicas,
    column('Up-to-date', (it) => numberAt(it, 'status', 'updatedReplicas') ?? 0),
    column('Available', (it) => numberAt(it, 'status', 'availableReplicas') ?? 0),
    ageColumn,
    ...podTemplateColumns,
  ],
  'apps/statefulsets': [readyOfReplicas, ageColumn, ...templateContainers],
  'apps/daemonsets': [
    count('Desired', 'status', 'desiredNumberScheduled'),
    count('Current', 'status', 'currentNumberScheduled'),
    count('Ready', 'status', 'numberReady'),
    count('Up-to-date', 'status', 'updatedNumberScheduled'),
    count('Available', 'status', 'numberAvailable'),
    column('Node Selector', (it) => labelsText(objectAt(it, 'spec', 'template', 'spec', 'nodeSelector'))),
    ageColumn,
    ...podTemplateColumns,
  ],
  'batch/jobs': jobColumns,
  'batch/cronjobs': cronJobColumns,
  ...policyColumns,
  'storage.k8s.io/storageclasses': [
    text('Provisioner', 'provisioner'),
    text('ReclaimPolicy', 'reclaimPolicy'),
    text('VolumeBindingMode', 'volumeBindingMode'),
    column('AllowVolumeExpansion', (it) => at(it, 'allowVolumeExpansion') ?? false),
    ageColumn,
  ],
};

function labelsText(labels: JsonObject): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  return pairs.join(',') || '<none>';
}

function containerStatuses(it: StoredObject): unknown[] {
  return listAt(it, 'status', 'containerStatuses');
}

function podStatus(it: StoredObject): string {
  if (it.metadata.deletionTimestamp) return 'Terminating';
  const reasons = containerStatuses(it).flatMap(
    (status) =>
      stringAt(status, 'state', 'waiting', 'reason') ??
      stringAt(status, 'state', 'terminated', 'reason') ??
      [],
  );
  return reasons[0] ?? stringAt(it, 'status', 'reason') ?? stringAt(it, 'status', 'phase') ?? 'Unknown';
}

function volumePhase(it: StoredObject): string {
  return it.metadata.deletionTimestamp ? 'Terminating' : (stringAt(it, 'status', 'phase') ?? '');
}

const shortOf = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** Returns each access mode once, in kubectl's order. */
function shortModes(modes: readonly unknown[]): string {
  return Object.entries(shortOf)
    .flatMap(([mode, short]) => (modes.includes(mode) ? short : []))
    .join(',');
}

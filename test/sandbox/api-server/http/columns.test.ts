import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listOf, text } from '#test/support/json-client.ts';

import { startBareServer } from '../bare-server.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } };

/** Path of the collection, an object, and its row as `kubectl get -o wide` prints it. */
const rows: [path: string, object: object, cells: string][] = [
  [
    `${rbac}/namespaces/default/roles`,
    { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    'Name=x, Created At=2024-05-01T10:00:00Z',
  ],
  [`${rbac}/clusterroles`, { rules: [] }, 'Name=x, Created At=2024-05-01T10:00:00Z'],
  [
    `${rbac}/namespaces/default/rolebindings`,
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'ServiceAccount', name: 'a', namespace: 'n' },
        { kind: 'ServiceAccount', name: 'b', namespace: 'n' },
        { kind: 'Group', name: 'g' },
      ],
    },
    'Name=x, Role=ClusterRole/view, Age=0s, Users=, Groups=g, ServiceAccounts=n/a, n/b',
  ],
  [
    'policy/v1/namespaces/default/poddisruptionbudgets',
    { spec: { minAvailable: 1, selector: {} } },
    'Name=x, Min Available=1, Max Unavailable=N/A, Allowed Disruptions=0, Age=0s',
  ],
  [
    'networking.k8s.io/v1/namespaces/default/networkpolicies',
    { spec: { podSelector: { matchLabels: { app: 'foo' } } } },
    'Name=x, Pod-Selector=app=foo, Age=0s',
  ],
  [
    'coordination.k8s.io/v1/namespaces/default/leases',
    { spec: { holderIdentity: 'me' } },
    'Name=x, Holder=me, Age=0s',
  ],
  [
    'batch/v1/namespaces/default/jobs',
    { spec: { template } },
    'Name=x, Status=Running, Completions=0/1, Duration=, Age=0s, Containers=c, Images=busybox, ' +
      'Selector=batch.kubernetes.io/controller-uid=UID',
  ],
  [
    'batch/v1/namespaces/default/cronjobs',
    { spec: { schedule: '@daily', jobTemplate: { spec: { template } } } },
    'Name=x, Schedule=@daily, Timezone=<none>, Suspend=False, Active=0, Last Schedule=<none>, Age=0s, ' +
      'Containers=c, Images=busybox, Selector=<none>',
  ],
];

const size = { storage: '1Gi' };
const volume = { capacity: size, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: size }, storageClassName: 's' };

const storageRows: typeof rows = [
  [
    'v1/persistentvolumes',
    {
      spec: {
        ...volume,
        accessModes: ['ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOnce', 'ReadWriteMany'],
        claimRef: { namespace: 'default', name: 'c' },
        storageClassName: 's',
      },
    },
    'Name=x, Capacity=1Gi, Access Modes=RWO,ROX,RWX, Reclaim Policy=Retain, Status=Pending, Claim=default/c, ' +
      'StorageClass=s, VolumeAttributesClass=<unset>, Reason=, Age=0s, VolumeMode=Filesystem',
  ],
  [
    'v1/namespaces/default/persistentvolumeclaims',
    { spec: { ...claim, volumeName: 'x', volumeAttributesClassName: 'fast' } },
    'Name=x, Status=Pending, Volume=x, Capacity=0, Access Modes=, StorageClass=s, VolumeAttributesClass=fast, Age=0s, ' +
      'VolumeMode=Filesystem',
  ],
];

await test('tables of claims and volumes', () => checkRows('/api', storageRows));

await test('tables of the kinds that an operator consists of', () => checkRows('/apis', rows));

async function checkRows(root: string, wanted: typeof rows): Promise<void> {
  await using server = await startBareServer();
  for (const [path, object, cells] of wanted) {
    const made = await server.send('POST', `${root}/${path}`, { metadata: { name: 'x' }, ...object });
    assert.equal(made.code, 201, text(made.body['message']));
    const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const { body } = await server.send('GET', `${root}/${path}`, undefined, accept);
    const columns = listOf(body['columnDefinitions']).map((column) => text(column['name']));
    const named = listOf(body['rows']).filter((row) => text(listOf(row['cells'])[0]) === 'x');
    assert.equal(named.length, 1);
    const values = listOf(named[0]?.['cells']);
    const uid = text(made.body['metadata']?.['uid']);
    const row = columns.map((name, index) => `${name}=${text(values[index])}`).join(', ');
    assert.equal(row.replace(uid, 'UID'), cells);
  }
}

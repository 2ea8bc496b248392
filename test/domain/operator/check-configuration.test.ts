import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { BackupConfiguration } from '#src/api/stash.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import {
  checkConfiguration,
  configuredTarget,
  hostWarnings,
} from '#src/domain/operator/check-configuration.ts';
import { configuration, target } from '#test/domain/objects.ts';

type Spec = Partial<BackupConfiguration['spec']>;

const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };
const sound = { driver: 'VolumeSnapshotter', schedule: '0 3 * * *', target: { ref } } as const satisfies Spec;
const policy = { name: 'keep-all', prune: false };

function check(changes: Spec) {
  return checkConfiguration(configuration('nightly', { ...sound, retentionPolicy: policy, ...changes }));
}

test('finds no problems in a valid configuration', () => {
  const rows: Spec[] = [
    {},
    { target: { ref: { kind: 'PersistentVolumeClaim', name: 'data' } } },
    { target: { ref: { kind: 'PersistentVolumeClaim', name: 'data', apiVersion: 'v2' } } },
    {
      runtimeSettings: {
        pod: {
          podLabels: { 'pod.stash.appscode.com/team': 'a', 'sidecar.istio.io/inject': 'false' },
          podAnnotations: { 'linkerd.io/inject': 'disabled' },
        },
      },
    },
    { target: { ref: { ...ref, apiVersion: '', namespace: '' } } },
    { target: { ref: { ...ref, apiVersion: 'apps/v1beta1', namespace: 'demo' }, replicas: 3 } },
    { schedule: '@every 6h', timeOut: '1h30m', backupHistoryLimit: 0 },
    { retentionPolicy: { ...policy, keepLast: 0, keepYearly: 7 } },
    { retryConfig: { maxRetry: 0, delay: '0' } },
    { hooks: { preBackup: { exec: { command: ['sync'] } }, postBackup: { tcpSocket: { port: 80 } } } },
    { runtimeSettings: {} },
    {
      runtimeSettings: {
        pod: { nodeSelector: { disk: 'ssd' }, priority: 3, tolerations: [{ key: 'a' }] },
        container: {
          resources: { limits: { cpu: 1 } },
          env: [{ name: 'HTTPS_PROXY', value: 'b' }],
          nice: null as never,
        },
      },
    },
  ];
  for (const changes of rows) {
    assert.deepEqual(check(changes), { problems: [], warnings: [] }, JSON.stringify(changes));
  }
  assert.deepEqual(checkConfiguration(buildConfiguration(target)).problems, []);
});

test('names the field of every problem', () => {
  const kinds =
    'Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, PersistentVolumeClaim';
  const missing = 'spec.target.ref is missing: name a workload or a claim';
  const rows: [Spec, ...string[]][] = [
    [{ target: {} }, missing],
    [{ target: { ref: {} } }, missing],
    [{ target: { ref: { name: 'db' } } }, `spec.target.ref.kind "" is not one of ${kinds}`],
    [
      {
        runtimeSettings: {
          pod: {
            podLabels: { app: 'db', 'sidecar.istio.io/inject': 'true' },
            podAnnotations: { 'a/pod.stash.appscode.com/': 'b' },
          },
        },
      },
      'spec.runtimeSettings.pod.podLabels.app is refused: its name must begin with pod.stash.appscode.com/',
      'spec.runtimeSettings.pod.podLabels["sidecar.istio.io/inject"] is refused: its name must begin with pod.stash.appscode.com/',
      'spec.runtimeSettings.pod.podAnnotations["a/pod.stash.appscode.com/"] is refused: its name must begin with pod.stash.appscode.com/',
    ],
    [
      { runtimeSettings: { 'a b': 1 } as never },
      'spec.runtimeSettings["a b"] is refused: users who may write it may not be allowed to create pods',
    ],
    [
      { target: { ref: { kind: 'DeploymentConfig', name: 'db' } } },
      `spec.target.ref.kind "DeploymentConfig" is not one of ${kinds}`,
    ],
    [
      { target: { ref: { ...ref, name: 'DB' } } },
      'spec.target.ref.name "DB" cannot be the name of an object',
    ],
    [{ target: { ref: { kind: 'Deployment' } } }, 'spec.target.ref.name "" cannot be the name of an object'],
    [
      { target: { ref: { ...ref, apiVersion: 'kubedb.com/v1' } } },
      'spec.target.ref.apiVersion "kubedb.com/v1" is not that of a StatefulSet, apps/v1',
    ],
    [
      { target: { ref: { kind: 'PersistentVolumeClaim', name: 'a', apiVersion: 'apps/v1' } } },
      'spec.target.ref.apiVersion "apps/v1" is not that of a PersistentVolumeClaim, v1',
    ],
    [
      { target: { ref: { ...ref, namespace: 'other' } } },
      `spec.target.ref.namespace "other" is not the configuration's namespace`,
    ],
    [{ target: { ref, replicas: -1 } }, 'spec.target.replicas is -1, and cannot be negative'],
    [{ schedule: '' }, 'spec.schedule is missing: write a cron expression'],
    [{ schedule: '0 24 * * *' }, 'spec.schedule: the hour "24" is not within 0 to 23'],
    [
      { retentionPolicy: { ...policy, keepLast: -1, keepDaily: -2, keepWeekly: 3 } },
      'spec.retentionPolicy.keepLast is -1; it must be a whole number, 0 or more',
      'spec.retentionPolicy.keepDaily is -2; it must be a whole number, 0 or more',
    ],
    [
      { hooks: { preBackup: {}, postBackup: { exec: { command: [] } } } },
      'spec.hooks.preBackup names no handler: it needs one of exec, httpGet, httpPost, tcpSocket',
      'spec.hooks.postBackup has exec without a command',
    ],
    [{ timeOut: 'soon' }, 'spec.timeOut "soon" is not a duration such as 10m or 1h30m'],
    [{ timeOut: '0' }, 'spec.timeOut "0" must be greater than zero'],
    [{ timeOut: '-5m' }, 'spec.timeOut "-5m" is not a duration such as 10m or 1h30m'],
    [
      { retryConfig: { maxRetry: -1, delay: '5' } },
      'spec.retryConfig.maxRetry is -1, and cannot be negative',
      'spec.retryConfig.delay "5" is not a duration such as 10m or 1h30m',
    ],
    [{ backupHistoryLimit: -1 }, 'spec.backupHistoryLimit is -1, and cannot be negative'],
    [
      { runtimeSettings: { pod: { nodeSelector: { disk: 3 }, tolerations: 'all' } } as never },
      'spec.runtimeSettings.pod.nodeSelector.disk must be a string, not 3',
      'spec.runtimeSettings.pod.tolerations must be a list, not "all"',
    ],
    [
      { runtimeSettings: { container: { env: [{ value: 'a' }] } } },
      'spec.runtimeSettings.container.env[0].name is required',
    ],
    [
      { runtimeSettings: { container: { lifecycle: {} } } as never },
      'spec.runtimeSettings.container.lifecycle is refused: users who may write it may not be allowed to create pods',
    ],
    [{ runtimeSettings: 'fast' as never }, 'spec.runtimeSettings must be an object, not "fast"'],
    [
      { runtimeSettings: { pod: { automountServiceAccountToken: false } } },
      'spec.runtimeSettings.pod.automountServiceAccountToken is false: a Job could not reach the API server',
    ],
  ];
  for (const [changes, ...problems] of rows) {
    assert.deepEqual(check(changes).problems, problems, JSON.stringify(changes));
  }
  assert.deepEqual(
    check({ target: {}, schedule: '', timeOut: '0' }).problems.map((problem) => problem.split(' ')[0]),
    ['spec.target.ref', 'spec.schedule', 'spec.timeOut'],
  );
});

test('warns of settings without the expected effect', () => {
  const pre = { exec: { command: ['freeze'] } };
  const post = { exec: { command: ['thaw'] } };
  const rows: [Spec, ...string[]][] = [
    [{ hooks: { postBackup: { ...post, executionPolicy: 'OnSuccess' } } }],
    [{ timeOut: '5s' }, 'spec.timeOut "5s" is shorter than 10s, which takes its place'],
    [
      { retryConfig: { maxRetry: 1, delay: '5s' } },
      'spec.retryConfig.delay "5s" is shorter than 10s, which takes its place',
    ],
    [{ retryConfig: { maxRetry: 0, delay: '5s' } }],
    [{ hooks: { preBackup: pre, postBackup: { ...post, executionPolicy: 'Always' } } }],
    [
      { hooks: { preBackup: pre, postBackup: { ...post, executionPolicy: 'OnSuccess' } } },
      'the postBackup hook runs OnSuccess only: only executionPolicy Always guarantees that the application is resumed',
    ],
    [
      { hooks: { preBackup: pre } },
      'there is a preBackup hook but no postBackup hook: nothing resumes the application',
    ],
    [
      { runtimeSettings: { container: { nice: { adjustment: 5 }, ionice: { class: 2 } } } },
      'spec.runtimeSettings.container.nice is ignored',
      'spec.runtimeSettings.container.ionice is ignored',
    ],
  ];
  for (const [changes, ...warnings] of rows) assert.deepEqual(check(changes), { problems: [], warnings });
});

test('warns of hosts that an operator without Jobs does not connect to', () => {
  const { spec } = configuration('nightly', {
    hooks: {
      preBackup: { httpGet: { host: '10.0.0.1', port: 80 } },
      postBackup: { tcpSocket: { host: '', port: 80 } },
    },
  });
  assert.deepEqual(hostWarnings(spec.hooks), [
    'spec.hooks.preBackup.httpGet.host "10.0.0.1" is refused unless a pod of the target has that address: with ' +
      '--run-sessions=in-process the operator connects to nothing else',
  ]);
  assert.deepEqual(hostWarnings(undefined), []);
  assert.deepEqual(hostWarnings({ preBackup: {}, postBackup: { exec: { command: ['sync'] } } }), []);
});

test('returns the target of a configuration with a valid reference', () => {
  const of = (given: object) => configuredTarget(configuration('nightly', { target: { ref: given } }));
  assert.deepEqual(of(ref), { kind: 'StatefulSet', name: 'db', namespace: 'demo' });
  assert.equal(of({ kind: 'Pod', name: 'db' }), undefined);
  assert.equal(of({ ...ref, namespace: 'other' }), undefined);
  assert.equal(of({ kind: 'StatefulSet' }), undefined);
  const bare = configuration('nightly');
  delete bare.spec.target;
  assert.equal(configuredTarget(bare), undefined);
  assert.match(checkConfiguration(bare).problems.join(), /^spec.target.ref is missing/);
});

/** Typical manifests, and typical mistakes in them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { stashCrds } from '#src/api/crds/index.ts';
import { pruned, schemaOf, validatorOf } from './openapi.ts';

const validators = new Map(stashCrds.map((crd) => [crd.spec.names.kind, validatorOf(schemaOf(crd))]));

function problems(manifest: Record<string, unknown>): string[] {
  const validate = validators.get(String(manifest['kind']));
  assert.ok(validate, 'a Stash kind');
  return validate(manifest);
}

function manifest(kind: string, body: string): Record<string, unknown> {
  const fields = load(body) as Record<string, unknown>;
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind,
    metadata: { name: 'sample', namespace: 'demo' },
    ...fields,
  };
}

const good: [name: string, kind: string, body: string][] = [
  [
    'a Deployment on a schedule',
    'BackupConfiguration',
    `
spec:
  schedule: "*/5 * * * *"
  driver: VolumeSnapshotter
  target:
    ref: {apiVersion: apps/v1, kind: Deployment, name: stash-demo}
    snapshotClassName: csi-snapclass
  retentionPolicy: {name: keep-last-5, keepLast: 5, prune: true}
`,
  ],
  [
    'three replicas of a StatefulSet',
    'BackupConfiguration',
    `
spec:
  schedule: "0 3 * * *"
  driver: VolumeSnapshotter
  paused: true
  timeOut: 10m
  backupHistoryLimit: 3
  retryConfig: {maxRetry: 2, delay: 1m}
  target:
    ref: {apiVersion: apps/v1, kind: StatefulSet, name: db}
    replicas: 3
  retentionPolicy: {name: tiers, prune: true, dryRun: true, keepHourly: 24, keepDaily: 7, keepYearly: 1}
`,
  ],
  [
    'a claim with hooks',
    'BackupConfiguration',
    `
spec:
  schedule: "@daily"
  driver: VolumeSnapshotter
  hooks:
    preBackup:
      containerName: db
      exec: {command: [sh, -c, "fsfreeze -f /data"]}
    postBackup:
      executionPolicy: OnFinalRetryFailure
      httpPost:
        port: http
        scheme: HTTPS
        httpHeaders: [{name: Accept, value: "*/*"}]
        form: [{key: state, values: [thawed]}]
  target:
    ref: {apiVersion: v1, kind: PersistentVolumeClaim, name: data}
  retentionPolicy: {name: keep-all, prune: false}
`,
  ],
  [
    'one for Restic, with settings of its pods',
    'BackupConfiguration',
    `
spec:
  schedule: "*/5 * * * *"
  repository: {name: gcs-repo, namespace: backup}
  task: {name: postgres-backup, params: [{name: args, value: --clean}]}
  tempDir: {medium: Memory, sizeLimit: 1Gi, disableCaching: true}
  runtimeSettings: {container: {resources: {limits: {memory: 1Gi}}}, pod: {serviceAccountName: backup}}
  target:
    ref: {apiVersion: apps/v1, kind: Deployment, name: stash-demo}
    volumeMounts: [{name: source-data, mountPath: /source/data, readOnly: true}]
    paths: [/source/data]
    exclude: ["*.tmp"]
  retentionPolicy: {name: tagged, prune: true, keepTags: [weekly]}
`,
  ],
  [
    'a finished backup',
    'BackupSession',
    `
spec:
  invoker: {apiGroup: stash.appscode.com, kind: BackupConfiguration, name: deploy-foo}
  retryLeft: 1
status:
  phase: Succeeded
  sessionDeadline: "2024-04-08T10:40:00Z"
  sessionDuration: 12.3s
  conditions:
    - {type: RetentionPolicyApplied, status: "True", reason: SuccessfullyAppliedRetentionPolicy, lastTransitionTime: "2024-04-08T10:30:12Z"}
  targets:
    - ref: {apiVersion: apps/v1, kind: Deployment, name: foo, namespace: demo}
      phase: Succeeded
      totalHosts: 1
      stats: [{hostname: data, phase: Succeeded, duration: 3s, snapshots: [{name: data-1712572200, totalSize: 1Gi}]}]
`,
  ],
  ['a new backup', 'BackupSession', 'spec: {invoker: {kind: BackupConfiguration, name: x}}'],
  [
    'one claim for every replica',
    'RestoreSession',
    `
spec:
  driver: VolumeSnapshotter
  target:
    replicas: 3
    volumeClaimTemplates:
      - metadata:
          name: restored-data-db-\${POD_ORDINAL}
          labels: {app: db}
        spec:
          accessModes: [ReadWriteOnce]
          storageClassName: csi-standard
          resources: {requests: {storage: 1Gi}}
          dataSource:
            kind: VolumeSnapshot
            name: data-db-\${POD_ORDINAL}-1712572200
            apiGroup: snapshot.storage.k8s.io
`,
  ],
  [
    'a restore with WaitForFirstConsumer',
    'RestoreSession',
    `
spec:
  driver: VolumeSnapshotter
  hooks: {postRestore: {executionPolicy: OnFailure, tcpSocket: {port: 5432}}}
  target:
    volumeClaimTemplates:
      - metadata: {name: restored-data}
        spec:
          volumeAttributesClassName: fast
          resources: {requests: {storage: 1073741824}}
          dataSource: {kind: VolumeSnapshot, name: data-1712572200, apiGroup: snapshot.storage.k8s.io}
status:
  phase: Unknown
  totalHosts: 1
  stats: [{hostname: restored-data, phase: Unknown}]
`,
  ],
  [
    'a restore with Restic',
    'RestoreSession',
    `
spec:
  repository: {name: gcs-repo}
  target:
    ref: {apiVersion: apps/v1, kind: Deployment, name: stash-demo}
    rules: [{targetHosts: [], sourceHost: host-0, paths: [/source/data], snapshots: [abc]}]
`,
  ],
];

for (const [name, kind, body] of good) {
  test(`${kind}: ${name}`, () => {
    const object = manifest(kind, body);
    const crd = stashCrds.find(({ spec }) => spec.names.kind === kind);
    assert.ok(crd);
    assert.deepEqual(problems(object), []);
    assert.deepEqual(pruned(object, schemaOf(crd)), object);
  });
}

const policy = 'retentionPolicy: {name: keep-all, prune: false}';
const bad: [name: string, kind: string, body: string, problem: string][] = [
  [
    'no retention policy',
    'BackupConfiguration',
    'spec: {driver: VolumeSnapshotter}',
    "/spec must have required property 'retentionPolicy'",
  ],
  [
    'a policy without a name',
    'BackupConfiguration',
    'spec: {retentionPolicy: {prune: true}}',
    "/spec/retentionPolicy must have required property 'name'",
  ],
  [
    'a driver that does not exist',
    'BackupConfiguration',
    `spec: {driver: VolumeSnapshot, ${policy}}`,
    '/spec/driver must be equal to one of the allowed values',
  ],
  [
    'a number in words',
    'BackupConfiguration',
    `spec: {target: {replicas: "3"}, ${policy}}`,
    '/spec/target/replicas must be integer',
  ],
  [
    'a hook without a port',
    'BackupConfiguration',
    `spec: {hooks: {preBackup: {httpGet: {path: /}}}, ${policy}}`,
    "/spec/hooks/preBackup/httpGet must have required property 'port'",
  ],
  [
    'a policy of backups in a restore',
    'RestoreSession',
    'spec: {hooks: {postRestore: {executionPolicy: OnFinalRetryFailure}}}',
    '/spec/hooks/postRestore/executionPolicy must be equal to one of the allowed values',
  ],
  [
    'one template that is not in a list',
    'RestoreSession',
    'spec: {target: {volumeClaimTemplates: {metadata: {name: x}}}}',
    '/spec/target/volumeClaimTemplates must be array',
  ],
  [
    'a size with a blank',
    'RestoreSession',
    'spec: {target: {volumeClaimTemplates: [{spec: {resources: {requests: {storage: 1 Gi}}}}]}}',
    'storage must match pattern',
  ],
  [
    'a data source without a name',
    'RestoreSession',
    'spec: {target: {volumeClaimTemplates: [{spec: {dataSource: {kind: VolumeSnapshot}}}]}}',
    "dataSource must have required property 'name'",
  ],
  [
    'an invoker without a name',
    'BackupSession',
    'spec: {invoker: {kind: BackupConfiguration}}',
    "property 'name'",
  ],
  [
    'a phase of another kind',
    'BackupSession',
    'status: {phase: Ready}',
    '/status/phase must be equal to one of the allowed values',
  ],
  [
    'a time without a zone',
    'BackupSession',
    'status: {sessionDeadline: "2024-04-08 10:30"}',
    'must match format "date-time"',
  ],
];

for (const [name, kind, body, problem] of bad) {
  test(`${kind}, refused: ${name}`, () => {
    const [first = '', ...more] = problems(manifest(kind, body));
    assert.ok(first.includes(problem), first);
    assert.deepEqual(more, []);
  });
}

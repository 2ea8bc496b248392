/**
 * The author of a BackupConfiguration or RestoreSession chooses settings of the Jobs' pods, and may not be allowed to
 * create pods. Holds: `NODE_DEBUG=https` printed the account's token into the log, `NODE_OPTIONS` ran code, and
 * `podLabels` made the Job's own pod a pod of the target.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { BackupConfiguration } from '#src/api/stash.ts';
import { checkConfiguration } from '#src/domain/operator/check-configuration.ts';
import { checkRuntimeSettings } from '#src/domain/operator/check-runtime-settings.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';

type Settings = Record<'pod' | 'container', object>;

const refused: [field: string, settings: Partial<Settings>][] = [
  ...[
    'NODE_DEBUG',
    'NODE_OPTIONS',
    'NODE_EXTRA_CA_CERTS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'KUBECONFIG',
    'KUBERNETES_SERVICE_HOST',
    'KUBERNETES_SERVICE_PORT',
    'HOME',
    'LD_PRELOAD',
    'OPENSSL_CONF',
    'POD_NAME',
    'TRIGGER',
    '__proto__',
  ].map((name): [string, Partial<Settings>] => [
    'container.env[0].name',
    { container: { env: [{ name, value: 'a' }] } },
  ]),
  [
    'container.env[0].valueFrom',
    { container: { env: [{ name: 'HTTPS_PROXY', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }] } },
  ],
  ['container.envFrom', { container: { envFrom: [{ secretRef: { name: 'a' } }] } }],
  ['container.livenessProbe', { container: { livenessProbe: { httpGet: { host: 'elsewhere', port: 80 } } } }],
  ['container.readinessProbe', { container: { readinessProbe: { exec: { command: ['id'] } } } }],
  ['container.startupProbe', { container: { startupProbe: { tcpSocket: { port: 80 } } } }],
  ['container.lifecycle', { container: { lifecycle: { preStop: { httpGet: { port: 80 } } } } }],
  ['container.command', { container: { command: ['sh'] } }],
  ['container.volumeMounts', { container: { volumeMounts: [] } }],
  ['container.resources.claims', { container: { resources: { claims: [{ name: 'gpu' }] } } }],
  ...(
    [
      ['privileged', true],
      ['allowPrivilegeEscalation', true],
      ['procMount', 'Unmasked'],
      ['capabilities.add', { add: ['SYS_ADMIN'] }],
      ['seccompProfile.type', { type: 'Unconfined' }],
      ['appArmorProfile.type', { type: 'Unconfined' }],
      ['seLinuxOptions.type', { type: 'spc_t' }],
      ['windowsOptions', { hostProcess: true }],
    ] as const
  ).map(([field, value]): [string, Partial<Settings>] => [
    `container.securityContext.${field}`,
    { container: { securityContext: { [field.split('.')[0] ?? '']: value } } },
  ]),
  ['pod.securityContext.sysctls', { pod: { securityContext: { sysctls: [{ name: 'a', value: 'b' }] } } }],
  ['pod.securityContext.windowsOptions', { pod: { securityContext: { windowsOptions: {} } } }],
  ...['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace'].map(
    (field): [string, Partial<Settings>] => [`pod.${field}`, { pod: { [field]: true } }],
  ),
  ['pod.volumes', { pod: { volumes: [{ name: 'root', hostPath: { path: '/' } }] } }],
  ['pod.initContainers', { pod: { initContainers: [{ name: 'a', image: 'b' }] } }],
  ['pod.hostAliases', { pod: { hostAliases: [{ ip: '10.0.0.1', hostnames: ['kubernetes.default'] }] } }],
  ['pod.dnsConfig', { pod: { dnsConfig: { nameservers: ['10.0.0.1'] } } }],
  ['pod.podLabels.app', { pod: { podLabels: { app: 'db' } } }],
  ['pod.podLabels["pod.stash.appscode.com"]', { pod: { podLabels: { 'pod.stash.appscode.com': 'db' } } }],
  ['pod.podLabels["sidecar.istio.io/inject"]', { pod: { podLabels: { 'sidecar.istio.io/inject': 'true' } } }],
  [
    'pod.podAnnotations["vault.hashicorp.com/agent-inject"]',
    { pod: { podAnnotations: { 'vault.hashicorp.com/agent-inject': 'true' } } },
  ],
];

test('everything that could change what a pod of a Job runs, sends or belongs to is refused by its field', () => {
  for (const [field, settings] of refused) {
    const problems = checkRuntimeSettings(settings);
    assert.equal(problems.length, 1, field);
    assert.equal(problems[0]?.split(' ')[0], `spec.runtimeSettings.${field}`);
  }
});

test('settings that cannot do that are accepted', () => {
  assert.deepEqual(
    checkRuntimeSettings({
      container: {
        resources: { limits: { memory: '1Gi' }, requests: { cpu: 1 } },
        securityContext: {
          privileged: false,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsUser: 1000,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
          seLinuxOptions: { level: 's0:c1,c2' },
        },
        env: [
          { name: 'HTTPS_PROXY', value: 'http://proxy:3128' },
          { name: 'no_proxy', value: '10.0.0.0/8' },
          { name: 'TZ', value: 'Europe/Vienna' },
          { name: 'LOG_LEVEL', value: 'debug' },
        ],
        nice: { adjustment: 5 },
        ionice: { class: 2 },
      },
      pod: {
        podLabels: { 'pod.stash.appscode.com/team': 'a', 'sidecar.istio.io/inject': 'false' },
        podAnnotations: { 'pod.stash.appscode.com/note': 'a', 'linkerd.io/inject': 'disabled' },
        nodeSelector: { disk: 'ssd' },
        securityContext: { fsGroup: 65534, supplementalGroups: [1], runAsNonRoot: true },
        imagePullSecrets: [{ name: 'registry' }],
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } },
        tolerations: [{ key: 'backup', operator: 'Exists' }],
        priorityClassName: 'low',
        topologySpreadConstraints: [{ maxSkew: 1, labelSelector: { matchLabels: {} } }],
        enableServiceLinks: false,
      },
    }),
    [],
  );
});

test('a configuration with refused settings is Invalid', () => {
  const made = buildConfiguration({ kind: 'StatefulSet', name: 'db', namespace: 'demo' });
  const spec = {
    ...made.spec,
    runtimeSettings: { container: { env: [{ name: 'NODE_DEBUG', value: 'https' }] } },
  };
  const configuration: BackupConfiguration = { ...made, spec };
  assert.deepEqual(checkConfiguration(configuration).problems, [
    'spec.runtimeSettings.container.env[0].name must be HTTP_PROXY or HTTPS_PROXY or NO_PROXY or http_proxy or ' +
      'https_proxy or no_proxy or TZ or LOG_LEVEL, not "NODE_DEBUG"',
  ]);
});

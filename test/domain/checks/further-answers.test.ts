/** What checks of the cluster, of configurations and of drivers find where it is not what their fixture shows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CronJob, Event, Stored } from '#src/api/kubernetes.ts';
import {
  customResourceDefinitions,
  events,
  leases,
  persistentVolumes,
  pods,
  validatingWebhookConfigurations,
} from '#src/api/resources.ts';
import { sidecarLeaseName } from '#src/api/snapshot-controller.ts';
import { configurationOwner } from '#src/domain/checks/configuration-owner.ts';
import { cronJob } from '#src/domain/checks/cron-job.ts';
import { limitsOfDriver } from '#src/domain/checks/driver-limits.ts';
import { gitops } from '#src/domain/checks/gitops.ts';
import { groupSnapshots } from '#src/domain/checks/group-snapshots.ts';
import { hookRights } from '#src/domain/checks/hook-rights.ts';
import { jobPods, podTrials } from '#src/domain/checks/job-pods.ts';
import { oldKeptVolumes } from '#src/domain/checks/kept-volumes.ts';
import { leakedVolumes } from '#src/domain/checks/leaked-volumes.ts';
import { machineClock } from '#src/domain/checks/machine-clock.ts';
import { operatorJobs } from '#src/domain/checks/operator-jobs.ts';
import { sidecarLease } from '#src/domain/checks/sidecar-lease.ts';
import { snapshotDefinitions } from '#src/domain/checks/snapshot-definitions.ts';
import { snapshotWebhook } from '#src/domain/checks/snapshot-webhook.ts';
import { configuration } from '#test/domain/objects.ts';

import {
  claims,
  facts,
  good,
  hoursLater,
  lacking,
  lease,
  ofConfiguration,
  ofNamespace,
  ofTarget,
  withAppscode,
  type Changes,
} from './facts.ts';
import {
  cronJobOf,
  definition,
  keptVolume,
  lostVolume,
  made,
  podOfJob,
  sidecarLeaseOf,
  snapshotOf,
  triggerJob,
  webhookConfiguration,
  withSnapshots,
  writtenBy,
} from './ills.ts';

const nightly = configuration('nightly', { schedule: '@daily' });

test('clocks that differ by 30 s agree', () => {
  const agrees = "ok: this machine's clock agrees with the API server's";
  const rows = [
    [undefined, []],
    [0, [agrees]],
    [30_000, [agrees]],
    [-30_000, [agrees]],
    [31_000, ["warn: this machine's clock is 31s behind the API server's"]],
    [-31_000, ["warn: this machine's clock is 31s ahead of the API server's"]],
  ] as const;
  for (const [clockAhead, found] of rows) assert.deepEqual(ofNamespace(machineClock, { clockAhead }), found);
});

test('versions that the API server has stored', () => {
  const of = (...value: ReturnType<typeof definition>[]) =>
    ofNamespace(snapshotDefinitions, { definitions: { value } });
  const refused = (version: string) => [
    `warn: volumesnapshots may be stored as ${version}: the API server refuses definitions that have v1 only`,
  ];
  assert.deepEqual(of(definition('volumesnapshots', ['v1', 'v1beta1'], { storedVersions: ['v1'] })), []);
  assert.deepEqual(
    of(definition('volumesnapshots', ['v1', 'v1beta1'], { storedVersions: ['v1beta1', 'v1'] })),
    refused('v1beta1'),
  );
  assert.deepEqual(
    of(definition('volumesnapshots', ['v1beta1', 'v1'], { storedVersions: [] })),
    refused('v1beta1'),
  );
  assert.deepEqual(
    ofNamespace(snapshotDefinitions, {
      definitions: lacking({ verb: 'get', resource: customResourceDefinitions }),
    }),
    ['unknown: needs get customresourcedefinitions.apiextensions.k8s.io'],
  );
});

test('the webhook of external-snapshotter', () => {
  const old = { value: [webhookConfiguration('old')] };
  const rules = { value: [definition('volumesnapshots', ['v1'], { rules: true })] };
  const other = webhookConfiguration('policies');
  const rows: [string, Changes, string[]][] = [
    ['no webhook', { definitions: rules }, []],
    [
      'a webhook of a policy engine',
      {
        definitions: rules,
        webhooks: { value: [{ ...other, webhooks: [{ name: 'validate.policies.example.com' }] }] },
      },
      [],
    ],
    [
      'older definitions, which need it',
      { webhooks: old, definitions: { value: [definition('volumesnapshots', ['v1'])] } },
      [],
    ],
    ['a server without webhooks', { webhooks: { unserved: validatingWebhookConfigurations } }, []],
    [
      'webhooks may not be read',
      { webhooks: lacking({ verb: 'list', resource: validatingWebhookConfigurations }) },
      ['unknown: needs list validatingwebhookconfigurations.admissionregistration.k8s.io'],
    ],
    [
      'definitions may not be read',
      { webhooks: old, definitions: lacking({ verb: 'get', resource: customResourceDefinitions }) },
      ['unknown: needs get customresourcedefinitions.apiextensions.k8s.io'],
    ],
  ];
  for (const [name, changes, found] of rows)
    assert.deepEqual(ofNamespace(snapshotWebhook, changes), found, name);
});

test('snapshots that were cut together', () => {
  const grouped = snapshotOf({ volumeGroupSnapshotName: 'nightly' });
  const served = { groups: ['groupsnapshot.storage.k8s.io'] };
  assert.deepEqual(ofNamespace(groupSnapshots, { ...withSnapshots([grouped]), ...served }), []);
  assert.deepEqual(ofNamespace(groupSnapshots, withSnapshots([snapshotOf({})])), []);
  assert.match(
    ofNamespace(groupSnapshots, withSnapshots([grouped, grouped])).join(),
    /^warn: the server does not serve groupsnapshot\.storage\.k8s\.io, and a volume group snapshot has cut volumesnapshots such as data-db-0-1:/,
  );
});

test('volumes that a restore in place has kept', () => {
  const of = (hours: number, changes: Changes = {}) =>
    ofNamespace(oldKeptVolumes, {
      ...{ now: hoursLater(hours), swapped: { value: [keptVolume()] } },
      ...changes,
    });
  const kept = (age: string) => `restoresession demo/restore-1 has kept 1 volume of 10Gi for ${age}`;
  assert.deepEqual(of(7 * 24), [`ok: ${kept('7d')}`]);
  assert.deepEqual(of(7 * 24 + 1), [`warn: ${kept('7d1h')}`]);
  assert.deepEqual(of(200, { namespace: 'other' }), []);
  assert.deepEqual(of(200, { swapped: { value: [lostVolume('pv-1')] } }), []);
  assert.deepEqual(of(200, { swapped: lacking({ verb: 'list', resource: persistentVolumes }) }), [
    'unknown: needs list persistentvolumes',
  ]);
});

test('volumes that have lost their claim', () => {
  const lost = lostVolume('pv-1');
  const of = (...persistentvolumes: (typeof lost)[]) =>
    leakedVolumes
      .find({ ...facts({ lists: { persistentvolumes } }), namespace: undefined })
      .map(({ level, message }) => `${level}: ${message}`);
  const none = ['ok: no persistentvolume has lost its claim'];
  assert.deepEqual(of(lost, lostVolume('pv-2')), [
    'warn: 2 persistentvolumes of 20Gi with reclaim policy Retain have lost their claim: pv-1, pv-2',
  ]);
  assert.deepEqual(of({ ...lost, status: { phase: 'Bound' } }), none);
  assert.deepEqual(of({ ...lost, spec: { ...lost.spec, persistentVolumeReclaimPolicy: 'Delete' } }), none);
  assert.deepEqual(
    of({ ...lost, spec: { ...lost.spec, csi: undefined, hostPath: { path: '/data' } } } as never),
    none,
  );
  assert.deepEqual(of(keptVolume()), none);
  assert.deepEqual(ofNamespace(leakedVolumes, { lists: { persistentvolumes: [lost] } }), []);
});

test('the name of the Lease of a sidecar', () => {
  const rows = [
    ['ebs.csi.aws.com', 'ebs-csi-aws-com'],
    ['disk.csi_x.example/a', 'disk-csi-x-example-a'],
    ['odd.', 'odd-X'],
  ] as const;
  for (const [driver, name] of rows)
    assert.equal(sidecarLeaseName(driver), `external-snapshotter-leader-${name}`);
});

test('which csi-snapshotter leads', () => {
  const now = hoursLater(1);
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  const cut = (minutes: number) =>
    withSnapshots([snapshotOf({ creationTime: ago(minutes).toISOString() })], good);
  const held = (...value: ReturnType<typeof sidecarLeaseOf>[]) => ({ sidecarLeases: { value } });
  const runs = ['ok: the csi-snapshotter of driver disk.example.com runs: snapshotter-0 leads'];
  const leads =
    'no csi-snapshotter of driver disk.example.com leads (lease storage/external-snapshotter-leader-disk-example-com)';
  const rows: [string, Changes, string[]][] = [
    ['no Lease', held(), []],
    ['a Lease of another driver', held(lease('other', ago(9))), []],
    ['a Lease that is renewed', held(sidecarLeaseOf('snapshotter-0', ago(0.5))), runs],
    [
      'one that is renewed, and one of an older installation',
      held(sidecarLeaseOf('old', ago(999)), sidecarLeaseOf('snapshotter-0', ago(0.5))),
      runs,
    ],
    [
      'a Lease that is not renewed',
      held(sidecarLeaseOf('snapshotter-0', ago(5))),
      [`fail: ${leads}: the last one renewed its Lease 5m ago`],
    ],
    ['a Lease that was given back', held(sidecarLeaseOf('', ago(5))), [`fail: ${leads}`]],
    ['a snapshot since', { ...cut(3), ...held(sidecarLeaseOf('snapshotter-0', ago(5))) }, []],
    [
      'a snapshot before',
      { ...cut(9), ...held(sidecarLeaseOf('snapshotter-0', ago(5))) },
      [`fail: ${leads}: the last one renewed its Lease 5m ago`],
    ],
    [
      'Leases may not be read',
      { sidecarLeases: lacking({ verb: 'list', resource: leases }) },
      ['unknown: needs list leases.coordination.k8s.io'],
    ],
  ];
  for (const [name, changes, found] of rows) {
    assert.deepEqual(ofTarget(sidecarLease, {}, { lists: good, ...changes, now }), found, name);
  }
});

test('limits that Events tell of', () => {
  const event = (name: string, message = 'desc = 429'): Stored<Event> =>
    made<Event>('v1', 'Event', name, { involvedObject: { kind: 'VolumeSnapshot', name }, message });
  const of = (seen: Stored<Event>[], changes: Changes = {}) =>
    ofNamespace(limitsOfDriver, { ...withSnapshots([snapshotOf({})]), events: { value: seen }, ...changes });
  const limit = "the storage system's API limits the rate of requests, as its Events say";
  assert.deepEqual(of([event('gone'), event('gone'), event('other', 'no room')]), [
    `warn: volumesnapshot gone: ${limit}`,
  ]);
  assert.deepEqual(of([event('gone'), event('data-db-0-1')]), [
    `warn: volumesnapshot gone and 1 more: ${limit}`,
  ]);
  const target = { kind: 'StatefulSet', name: 'db', namespace: 'demo' } as const;
  assert.deepEqual(of([event('gone'), event('data-db-0-1')], { target }), [
    `warn: volumesnapshot data-db-0-1: ${limit}`,
  ]);
  const still = withSnapshots([snapshotOf({ error: { message: 'desc = 429' } })]);
  assert.deepEqual(of([event('gone')], still), [
    "warn: volumesnapshot data-db-0-1: the storage system's API limits the rate of requests",
  ]);
  assert.deepEqual(of([], { events: lacking({ verb: 'list', resource: events }) }), [
    'unknown: needs list events',
  ]);
});

test('how a CronJob differs from its configuration', () => {
  const led = {
    installed: { value: undefined },
    home: 'stash',
    lease: { value: lease('operator-0', hoursLater(1)) },
  };
  const of = (spec: Partial<CronJob['spec']>) =>
    ofConfiguration(cronJob, nightly, {
      ...{ operator: led, now: hoursLater(1), lists: { cronjobs: [cronJobOf(spec)] } },
    });
  const fixed = (how: string, patch: object) => [
    `fail: cronjob stash-trigger-nightly ${how} (fix: kubectl patch cronjob stash-trigger-nightly -n demo --type=merge -p '${JSON.stringify({ spec: patch })}')`,
  ];
  assert.deepEqual(of({ startingDeadlineSeconds: 10 }), [
    'ok: cronjob stash-trigger-nightly begins its sessions',
  ]);
  assert.deepEqual(
    of({ schedule: '@weekly' }),
    fixed('has schedule "@weekly", and its configuration "@daily"', { schedule: '@daily' }),
  );
  assert.deepEqual(
    of({ timeZone: 'Asia/Tokyo' }),
    fixed('goes by time zone Asia/Tokyo, and its configuration names none', { timeZone: null }),
  );
  assert.deepEqual(
    of({ startingDeadlineSeconds: 9 }),
    fixed('has startingDeadlineSeconds 9: Kubernetes may miss its runs', { startingDeadlineSeconds: 1800 }),
  );
  assert.equal(of({ suspend: true, timeZone: 'UTC' }).length, 2);
});

test('who owns a configuration', () => {
  const of = (writers: Record<string, string>, labels: Record<string, string> = {}) => {
    const written = writtenBy(nightly, writers);
    return ofConfiguration(configurationOwner, {
      ...written,
      metadata: { ...written.metadata, labels },
    });
  };
  const owned = (tool: string) => [`ok: ${tool} owns it: change its schedule in Git or in its chart`];
  assert.deepEqual(of({ 'kubectl-stash': 'schedule' }), []);
  assert.deepEqual(of({ 'kubectl-client-side-apply': 'schedule' }), []);
  for (const manager of ['argocd-controller', 'kustomize-controller', 'helm-controller', 'helm', 'flux'])
    assert.deepEqual(of({ [manager]: 'schedule' }), owned(manager));
  const flux = { 'kustomize.toolkit.fluxcd.io/name': 'shop' };
  assert.deepEqual(of({}, flux), owned('Flux'));
  assert.deepEqual(of({ 'kubectl-stash': 'schedule' }, flux), [
    'warn: Flux owns it, and a command has changed spec.schedule: the next sync undoes that',
  ]);
});

test('rights for hooks count where hooks are commands', () => {
  const missingForHooks = [{ verb: 'create', resource: pods, subresource: 'exec' }] as const;
  const command = { hooks: { preBackup: { exec: { command: ['true'] } } } };
  const request = { hooks: { preBackup: { httpGet: { path: '/', port: 80 } } } };
  assert.deepEqual(ofConfiguration(hookRights, nightly, { missingForHooks }), []);
  assert.deepEqual(ofConfiguration(hookRights, configuration('nightly', request), { missingForHooks }), []);
  assert.deepEqual(ofConfiguration(hookRights, configuration('nightly', command)), [
    'ok: user "jane" may run the commands of its hooks',
  ]);
});

test('pods of Jobs are tried once for all configurations with the same settings', () => {
  const roomy = { runtimeSettings: { container: { resources: { requests: { cpu: '1' } } } } };
  const backupconfigurations = [nightly, configuration('roomy', roomy), configuration('weekly')];
  const installed = { value: { home: 'stash', watchNamespaces: undefined } };
  const operator = { installed, home: 'stash', lease: { value: undefined } };
  const of = (changes: Changes) =>
    podTrials(facts({ lists: { backupconfigurations }, operator, ...changes })).map(
      (each) => each.configurations,
    );
  assert.deepEqual(of({}), [['nightly', 'weekly'], ['roomy']]);
  assert.deepEqual(of({ groups: withAppscode }), []);
  assert.deepEqual(of({ operator: { ...operator, installed: { value: undefined } } }), []);
  const many = Array.from({ length: 20 }, (_, index) =>
    configuration(`c${index}`, { runtimeSettings: { pod: { priority: index } } }),
  );
  assert.equal(of({ lists: { backupconfigurations: many } }).length, 8);
  assert.deepEqual(
    ofConfiguration(jobPods, nightly, {
      jobPods: new Map([['nightly', lacking({ verb: 'create', resource: pods })]]),
    }),
    ['unknown: needs create pods'],
  );
  assert.deepEqual(
    ofConfiguration(jobPods, nightly, { jobPods: new Map([['nightly', { value: { refusal: undefined } }]]) }),
    ['ok: the API server admits the pods of its Jobs'],
  );
  assert.deepEqual(ofConfiguration(jobPods, nightly), []);
});

test('Jobs of the operator', () => {
  const at = (hours: number) => hoursLater(hours);
  const of = (...all: ReturnType<typeof triggerJob>[]) =>
    ofNamespace(operatorJobs, { operatorJobs: { value: { jobs: all, pods: [] } } });
  const first = triggerJob('nightly-1', at(1), 'Failed');
  const began = ['warn: job nightly-1 began no session: it ran too long'];
  assert.deepEqual(of(), []);
  assert.deepEqual(of(triggerJob('nightly-1', at(1), 'Complete')), []);
  assert.deepEqual(of(triggerJob('nightly-1', at(1))), [], 'its pod comes');
  assert.deepEqual(of(first), began);
  assert.deepEqual(of(first, triggerJob('nightly-0', at(0), 'Complete')), began);
  assert.deepEqual(of(first, triggerJob('nightly-2', at(2), 'Complete')), []);
  const other = triggerJob('weekly-2', at(2), 'Complete');
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'weekly', uid: 'cron-2' };
  assert.deepEqual(of(first, { ...other, metadata: { ...other.metadata, ownerReferences: [owner] } }), began);
  const session = { ...first, metadata: { ...first.metadata, labels: {} } };
  assert.deepEqual(of(session), [], 'the session has a condition that says so');
  const starting = triggerJob('nightly-1', at(1));
  const seen = { jobs: [starting], pods: [podOfJob(starting, 'ContainerCreating')] };
  assert.deepEqual(ofNamespace(operatorJobs, { operatorJobs: { value: seen } }), []);
  assert.deepEqual(ofNamespace(operatorJobs, { operatorJobs: lacking({ verb: 'list', resource: pods }) }), [
    'unknown: needs list pods',
  ]);
});

test('claims that Argo CD may take for its own', () => {
  const of = (groups: string[], labels: Record<string, string>, annotations: Record<string, string> = {}) =>
    ofTarget(
      gitops,
      {},
      {
        groups,
        lists: {
          persistentvolumeclaims: claims.map((each) => ({
            ...each,
            metadata: { ...each.metadata, labels, annotations },
          })),
        },
      },
    );
  const instance = { 'app.kubernetes.io/instance': 'shop' };
  assert.deepEqual(of([], instance), []);
  assert.deepEqual(of(['argoproj.io'], {}), []);
  assert.deepEqual(of(['argoproj.io'], instance), [
    'warn: claim data-db-0, data-db-1 has label app.kubernetes.io/instance: Argo CD may take it for its own, and delete it if Git does not have it',
  ]);
  const tracked = { 'argocd.argoproj.io/tracking-id': 'shop' };
  const keeps =
    'ok: Argo CD owns the claims: a restore under their own names keeps its marks, a copy gets none';
  for (const option of ['Prune=false', 'Validate=false, Prune=false'])
    assert.deepEqual(of([], {}, { ...tracked, 'argocd.argoproj.io/sync-options': option }), [keeps]);
  assert.deepEqual(of([], {}, tracked), [
    `${keeps}, and deletes a claim that Git or the chart no longer has`,
  ]);
});

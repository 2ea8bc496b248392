/** `describe` in one cluster with many states. It reads only: no test changes anything. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import {
  backupSessions,
  deployments,
  events,
  jobs,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { formatRecord } from '#src/domain/in-place/record.ts';
import { StashError } from '#src/errors.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, configuration, deployment, faultyClass, namespace, object, type Created } from './objects.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const local = '--executor=local';
let world: World;
/** The restore in place, whose name has its time. */
let swap = '';

async function runs(words: string, code = 0): Promise<string> {
  const ran = await world.run(words, { hints: false });
  assert.equal(ran.code, code, `${words}\n${ran.err}`);
  return ran.err;
}

/** A namespace with a deployment `web` of two claims. */
async function place(name: string): Promise<void> {
  await world.create(
    namespace(name),
    claim(name, 'data'),
    claim(name, 'logs', { size: '2Gi' }),
    deployment(name, 'web', ['data', 'logs'], { replicas: 0 }),
  );
  await world.bound(name, 'data', 'logs');
}

const web = { kind: 'Deployment', name: 'web' };

before(async () => {
  world = await startWorld();
  await world.create(faultyClass('error-always'), faultyClass('never-ready'));
  for (const name of [
    'healthy',
    'bare',
    'paused',
    'failed',
    'hooks',
    'partial',
    'place',
    'stopped',
    'lost',
    'deleted',
    'running',
  ])
    await place(name);
  await world.create(
    namespace('demo'),
    namespace('empty'),
    namespace('both'),
    ...[backupSessions, restoreSessions].map((resource): Created => [
      resource,
      object('stash.appscode.com/v1beta1', resource.kind, {
        metadata: { name: 'nightly-1773457800', namespace: 'both' },
      }),
    ]),
  );

  await world.create(
    configuration('healthy', 'nightly', web, {
      schedule: '0 3 * * *',
      paused: false,
      retentionPolicy: { name: 'keep-last-1', keepLast: 1, prune: true },
    }),
    configuration('paused', 'nightly', web, { schedule: '0 3 * * *' }),
    ...['hooks', 'partial', 'running'].map((space) =>
      configuration(space, 'nightly', web, { schedule: '0 3 * * *', paused: false }),
    ),
  );
  const conditions = (
    at: number,
    ...rows: readonly [type: string, status: string, reason: string, message: string][]
  ) =>
    rows.map(([type, status, reason, message]) => ({
      ...{
        type,
        status,
        reason,
        message,
        lastTransitionTime: new Date(Date.parse('2026-03-14T03:00:00Z') + at * 1000).toISOString(),
      },
    }));
  world.standAt(0);
  for (const space of ['place', 'stopped']) await runs(`snapshot deploy/web -n ${space} ${local}`);
  world.race(1);
  await runs('restore deploy/web -n place --in-place --yes');
  world.standAt(0);
  await runs(`snapshot deploy/web -n healthy --pin ${local}`);
  world.standAt(600);
  for (const space of ['healthy', 'paused', 'lost', 'deleted'])
    await runs(`snapshot deploy/web -n ${space} ${local}`);
  await runs(`snapshot pvc/data -n healthy ${local}`);
  await runs(`snapshot deploy/web -n failed --snapshot-class error-always --fail-fast ${local}`, 4);
  // The schedule made it, so that its policy may delete it.
  const { items } = await world.cluster.list(volumeSnapshots, { namespace: 'healthy' });
  for (const { metadata } of items.filter(
    ({ metadata }) => metadata.annotations?.[annotation.target]?.includes('web') === true,
  ))
    await world.cluster.patch(volumeSnapshots, metadata, {
      metadata: { annotations: { [annotation.madeBy]: 'schedule' } },
    });

  const claims = JSON.stringify(['data', 'logs']);
  const ofWeb = {
    [annotation.target]: JSON.stringify({ apiVersion: 'apps/v1', ...web }),
    [annotation.sessionClaims]: claims,
  };
  const invoker = { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'nightly' };
  const backup = (space: string, annotations: object, status: object): Created => [
    backupSessions,
    object('stash.appscode.com/v1beta1', 'BackupSession', {
      metadata: { name: 'nightly-1773457800', namespace: space, annotations: { ...ofWeb, ...annotations } },
      spec: { invoker },
      status,
    }),
  ];
  await world.create(
    backup(
      'hooks',
      { [annotation.madeBy]: 'schedule', [annotation.executor]: 'stash-vs-nightly-1773457800-x7k2p 4' },
      {},
    ),
    backup(
      'partial',
      { [annotation.madeBy]: 'schedule', [annotation.executor]: 'kubectl-stash-5d9-abcde-1f2e3d4c 9' },
      {},
    ),
    backup(
      'running',
      {
        [annotation.madeBy]: 'user:alice',
        [annotation.executor]: 'cli-1a2b3c4d 7',
        [annotation.quiescedSince]: '2026-03-14T03:10:01Z',
        [annotation.hooks]: JSON.stringify({ preBackup: { exec: { command: ['login', 'hunter2'] } } }),
      },
      {},
    ),
  );
  const status = (space: string, written: object) =>
    world.cluster.patch(
      backupSessions,
      { name: 'nightly-1773457800', namespace: space },
      { status: written },
      { subresource: 'status' },
    );
  await status('hooks', {
    phase: 'Failed',
    sessionDuration: '12s',
    sessionDeadline: '2026-03-14T03:20:00Z',
    targets: [
      {
        ref: web,
        phase: 'Failed',
        conditions: conditions(
          610,
          [
            'BackupExecutorEnsured',
            'True',
            'SuccessfullyEnsuredBackupExecutor',
            'job stash-vs-nightly-1773457800 carries the session out',
          ],
          [
            'PreBackupHookExecutionSucceeded',
            'False',
            'FailedToExecutePreBackupHook',
            'preBackup hook failed in pod web-1: exited with code 3: disk is read-only',
          ],
          [
            'PostBackupHookExecutionSucceeded',
            'True',
            'SuccessfullyExecutedPostBackupHook',
            'postBackup hook ran in 1 pod',
          ],
        ),
        stats: ['data', 'logs'].map((hostname) => ({
          hostname,
          phase: 'Failed',
          error: 'not begun, since the preBackup hook failed',
        })),
      },
    ],
  });
  const { metadata: hooked } = await world.cluster.get(backupSessions, 'nightly-1773457800', 'hooks');
  const job = object('batch/v1', 'Job', {
    metadata: {
      name: 'stash-vs-nightly-1773457800',
      namespace: 'hooks',
      ownerReferences: [
        {
          apiVersion: 'stash.appscode.com/v1beta1',
          kind: 'BackupSession',
          name: hooked.name,
          uid: hooked.uid,
        },
      ],
    },
    spec: {
      suspend: true,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } },
    },
  });
  await world.create(
    [jobs, job],
    [
      events,
      object('v1', 'Event', {
        metadata: { name: 'hook-failed', namespace: 'hooks' },
        involvedObject: { kind: 'BackupSession', name: hooked.name, namespace: 'hooks', uid: hooked.uid },
        ...{ type: 'Warning', reason: 'HookFailed', message: 'preBackup hook failed in pod web-1', count: 2 },
        ...{ firstTimestamp: '2026-03-14T03:10:05Z', lastTimestamp: '2026-03-14T03:10:10Z' },
      }),
    ],
  );
  const part = (space: string, name: string, snapshotClass: string, uid: string): Created => [
    volumeSnapshots,
    object('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', {
      metadata: {
        ...{ name: `${name}-1773457800`, namespace: space },
        annotations: {
          ...ofWeb,
          [annotation.madeBy]: 'schedule',
          [annotation.sessionUid]: uid,
          [annotation.sessionName]: 'nightly-1773457800',
        },
      },
      spec: { source: { persistentVolumeClaimName: name }, volumeSnapshotClassName: snapshotClass },
    }),
  ];
  const { metadata: partial } = await world.cluster.get(backupSessions, 'nightly-1773457800', 'partial');
  await world.create(
    part('partial', 'data', 'sandbox', partial.uid),
    part('partial', 'logs', 'error-always', partial.uid),
  );
  await world.until(volumeSnapshots, 'partial', 'data-1773457800', (it) => it?.status?.readyToUse === true);
  await world.until(volumeSnapshots, 'partial', 'logs-1773457800', (it) => it?.status?.error !== undefined);
  await status('partial', {
    phase: 'Failed',
    sessionDuration: '10m0s',
    conditions: conditions(1200, [
      'DeadlineExceeded',
      'True',
      'FailedToCompleteWithinDeadline',
      'not done within 10m',
    ]),
    targets: [
      {
        ref: web,
        phase: 'Failed',
        stats: [
          { hostname: 'data', phase: 'Succeeded' },
          { hostname: 'logs', phase: 'Failed', error: 'not ready after 10m' },
        ],
      },
    ],
  });
  await status('running', {
    phase: 'Running',
    sessionDeadline: '2026-03-14T03:40:00Z',
    targets: [{ ref: web, phase: 'Running' }],
  });

  swap = (await world.cluster.list(restoreSessions, { namespace: 'place' })).items[0]?.metadata.name ?? '';
  world.standAt(900);
  await runs(`restore deploy/web -n healthy --suffix -copy ${local}`);
  const unfinished = object('stash.appscode.com/v1beta1', 'RestoreSession', {
    metadata: {
      ...{ name: 'restore-web', namespace: 'stopped' },
      annotations: {
        ...ofWeb,
        [annotation.executor]: 'cli-1a2b3c4d 12',
        [annotation.restoredFrom]: 'deploy-web-1773457200',
        [annotation.inPlace]: formatRecord({
          ...{ v: 1, method: 'swap', stop: 'scale', stopping: true, replicas: 1, volumesOf: 'restore-web' },
          claims: await Promise.all(
            ['data', 'logs'].map(async (name) => {
              const { metadata, spec } = await world.cluster.get(persistentVolumeClaims, name, 'stopped');
              return { name, uid: metadata.uid, volume: spec.volumeName ?? '', staged: `${name}-stash` };
            }),
          ),
        }),
      },
    },
    spec: { driver: 'VolumeSnapshotter', target: { ref: web } },
  });
  await world.create([restoreSessions, unfinished]);
  const restored = (space: string, name: string, written: object) =>
    world.cluster.patch(
      restoreSessions,
      { name, namespace: space },
      { status: written },
      { subresource: 'status' },
    );
  await restored('stopped', 'restore-web', {
    phase: 'Running',
    conditions: conditions(
      905,
      ['ClaimsStaged', 'True', 'NewVolumesBound', 'all new volumes are bound'],
      [
        'SwapInterrupted',
        'True',
        'ExecutorDied',
        'the workload may be stopped: cli-1a2b3c4d has shown no sign of life since its renewal 12',
      ],
    ),
  });
  const template = {
    metadata: { name: 'data-copy' },
    spec: {
      ...{ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'gone' },
    },
  };
  await world.create([
    restoreSessions,
    object('stash.appscode.com/v1beta1', 'RestoreSession', {
      metadata: { name: 'restore-bad', namespace: 'failed', annotations: ofWeb },
      spec: { driver: 'VolumeSnapshotter', target: { ref: web, volumeClaimTemplates: [template] } },
    }),
  ]);
  await restored('failed', 'restore-bad', {
    phase: 'Failed',
    sessionDuration: '3s',
    stats: [{ hostname: 'data-copy', phase: 'Failed', error: 'volumesnapshot "gone" not found' }],
    conditions: conditions(903, [
      'RestoreCompleted',
      'False',
      'PostRestoreTasksNotExecuted',
      'data-copy: volumesnapshot "gone" not found',
    ]),
  });
  world.standAt(1200);
  for (const name of ['data', 'logs']) {
    await world.cluster.delete(persistentVolumeClaims, { name, namespace: 'lost' });
    await world.until(persistentVolumeClaims, 'lost', name, (it) => it === undefined);
  }
  await world.cluster.delete(deployments, { name: 'web', namespace: 'deleted' });
  await world.until(deployments, 'deleted', 'web', (it) => it === undefined);
  world.standAt(1800);
});

after(() => world[Symbol.asyncDispose]());

/** Names that the server chose. */
function settledText(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID')
    .replaceAll(/(?<=data-1773457800-)[0-9a-f]{4}/g, 'HASH')
    .replaceAll(swap, 'SWAP')
    .replaceAll(/\bdata-stash-[0-9a-f]{6}|logs-stash-[0-9a-f]{6}/g, 'STAGED')
    .replaceAll(/2026-03-14T03:0[0-4]:\d\dZ/g, 'TIME')
    .replaceAll(/\b(?:2[5-9]|30)m ago/g, 'AGE ago')
    .replaceAll(/(?<=Took: +)[\dms.]+/g, 'DURATION')
    .replaceAll(/\bcli-(?!1a2b)[0-9a-f]{8}\b/g, 'cli-ID');
}

const pages: readonly (readonly [golden: string, words: string, options?: RunOptions])[] = [
  ['healthy', 'deploy/web -n healthy --utc'],
  ['claim', 'pvc data -n healthy --utc'],
  ['no-schedule', 'deploy/web -n bare --utc'],
  ['paused', 'deploy/web -n paused --utc'],
  ['failed', 'deploy/web -n failed --utc'],
  ['failed-session', 'backupsession/deploy-web-1773457800 -n failed --utc'],
  ['hook-failed', 'nightly-1773457800 -n hooks --utc'],
  ['partial', 'deploy/web -n partial'],
  ['running', 'deploy/web -n running'],
  ['in-place', 'deploy/web -n place --utc'],
  ['in-place-session', 'restoresession/SWAP -n place --utc'],
  ['in-place-interrupted', 'deploy/web -n stopped --utc'],
  ['restored', 'restoresession/restore-deploy-web-1773458100 -n healthy --utc'],
  ['restore-failed', 'restoresession restore-bad -n failed --utc'],
  ['claims-lost', 'deploy/web -n lost --utc'],
  ['workload-deleted', 'deploy/web -n deleted --utc'],
];

for (const [golden, words, options = {}] of pages) {
  test(`describe ${words}`, async () => {
    const before = await world.census();
    const { code, out, err } = await world.run(`describe ${words.replace('SWAP', swap)}`, options);
    assert.deepEqual([code, err], [0, '']);
    assert.doesNotMatch(out, /hunter2/, 'commands of hooks may hold passwords');
    matchGolden(`commands/describe/${golden}`, settledText(out));
    assert.deepEqual(await world.census(), before);
  });
}

/** A user who may read nothing but sessions and snapshots. */
function withLittle(cluster: Cluster): Cluster {
  const readable = ['backupsessions', 'restoresessions', 'volumesnapshots'];
  const refuse = () => Promise.reject(new StashError('forbidden', 'forbidden'));
  return {
    ...cluster,
    list: (resource, scope) =>
      readable.includes(resource.plural) ? cluster.list(resource, scope) : refuse(),
    get: (resource, ...rest) =>
      readable.includes(resource.plural) ? cluster.get(resource, ...rest) : refuse(),
  };
}

test('what a user may not read is unknown, and the missing right is named', async () => {
  const { code, out } = await world.run('describe deploy/web -n partial --utc', { through: withLittle });
  assert.equal(code, 0);
  matchGolden('commands/describe/missing-rights', settledText(out));
});

const refused: readonly (readonly [words: string, code: number, error: RegExp])[] = [
  ['describe deploy/none -n empty', 3, /deployments.apps "none" not found, and no restore point/],
  ['describe deploy/web -n nowhere', 3, /namespace "nowhere" not found/],
  ['describe restoresession/none -n healthy', 3, /no session "none" in namespace healthy/],
  ['describe nightly-1773457800 -n both', 1, /2 sessions are named/],
  ['describe deploy/a deploy/b', 2, /one TYPE\/NAME or session/],
  ['describe backupsession/', 2, /is not the name of a session/],
  ['describe cronjob/a', 2, /cannot be snapshotted/],
];
for (const [words, code, error] of refused) {
  test(`refused: ${words}`, async () => {
    const ran = await world.run(words);
    assert.deepEqual([ran.code, ran.out], [code, '']);
    assert.match(ran.err, error);
    await checkAdvice(ran.err);
  });
}

test('commands go to the cluster that was described', async () => {
  const { kubeconfig } = world.sandbox;
  const { out } = await world.run(`describe deploy/web -n bare --kubeconfig=${kubeconfig}`);
  assert.match(out, new RegExp(`kubectl stash snapshot deployment/web -n bare --kubeconfig ${kubeconfig}`));
});

/** The plan of a restore in place, as the sandbox's objects give it. Nothing is written. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject, SelfSubjectAccessReview, Stored } from '#src/api/kubernetes.ts';
import { annotation, appscodeOperatorGroup } from '#src/api/labels.ts';
import {
  deployments,
  persistentVolumeClaims,
  pods,
  resourceQuotas,
  restoreSessions,
  storageClasses,
} from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { formatRecord, readRecord } from '#src/domain/in-place/record.ts';
import { inPlacePlanLines } from '#src/report/in-place-plan.ts';
import { findUnfinishedInPlace, planInPlace, type InPlaceRequest } from '#src/session/plan/plan-in-place.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { matchGolden } from '#test/support/golden.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { claim, deployment, namespace, object, statefulSet } from './objects.ts';
import { startWorld, type World } from './world.ts';

const now = new Date('2026-03-14T03:01:00Z');
let world: World;
/** Over HTTPS, with the errors that the program sees. */
let cluster: Cluster;

before(async () => {
  world = await startWorld();
  const options = { clock: scaledClock(), version: 'v0.0.0' };
  ({ cluster } = await connect({ kubeconfig: world.sandbox.kubeconfig }, {}, options));
});

after(async () => {
  cluster.close();
  await world[Symbol.asyncDispose]();
});

type Asked = Partial<Omit<InPlaceRequest, 'target'>>;

function request(namespace: string, words: string, asked: Asked = {}): InPlaceRequest {
  const [kind, name = ''] = words.split('/');
  const target = { kind: kind as InPlaceRequest['target']['kind'], name, namespace };
  return {
    ...{
      target,
      from: 'latest',
      only: [],
      stop: 'auto',
      method: 'auto',
      before: 'none',
      confirms: false,
      pause: false,
      also: [],
      yesOperator: false,
      executor: 'auto',
      user: 'jane',
      now,
    },
    ...asked,
  };
}

function plan(space: string, words: string, asked: Asked = {}, through = cluster) {
  return planInPlace(readerOf(through, space), request(space, words, asked));
}

/** A namespace with a running deployment `web`, its claims `data` and `logs`, and one restore point. */
async function place(name: string): Promise<void> {
  world.standAt(0);
  await world.create(
    namespace(name),
    claim(name, 'data'),
    claim(name, 'logs', { size: '2Gi' }),
    deployment(name, 'web', ['data', 'logs']),
  );
  await world.bound(name, 'data', 'logs');
  await running(name, 1);
  await snapshot(name, 'deploy/web');
}

async function snapshot(name: string, target: string): Promise<void> {
  const { code, err } = await world.run(`snapshot ${target} -n ${name} --executor=local`);
  assert.equal(code, 0, err);
  world.standAt(60);
}

/** Resolves once so many of the namespace's pods have a node. */
async function running(namespace: string, count: number): Promise<void> {
  const stop = new AbortController();
  const seen = new Map<string, boolean>();
  for await (const event of world.cluster.watch(pods, { namespace }, stop.signal)) {
    const changed = event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [];
    for (const { metadata, spec } of changed) seen.set(metadata.name, spec.nodeName !== undefined);
    if ([...seen.values()].filter(Boolean).length >= count) stop.abort();
  }
}

async function refused(work: Promise<unknown>, message: RegExp, hint?: RegExp): Promise<void> {
  await assert.rejects(work, (error: Error & { hint?: string }) => {
    assert.match(error.message, message);
    if (hint) assert.match(error.hint ?? '', hint);
    return true;
  });
}

test('a deployment is planned with all its claims, and nothing is written', async () => {
  await place('two');
  const before = await world.census();
  const made = await plan('two', 'Deployment/web');
  assert.deepEqual(await world.census(), before);
  const claims = (await world.cluster.list(persistentVolumeClaims, { namespace: 'two' })).items;
  assert.deepEqual(
    made.record.claims,
    claims.map(({ metadata: { name, uid }, spec: { volumeName } }, index) => ({
      ...{ name, uid, volume: volumeName, staged: made.templates[index]?.metadata.name },
    })),
  );
  assert.deepEqual(readRecord(made.session), made.record);
  assert.equal(made.record.volumesOf, made.session.metadata.name);
  assert.deepEqual(made.session.spec.target?.volumeClaimTemplates, made.templates);
  const volumes = claims.map(({ spec }) => spec.volumeName ?? '');
  const text = volumes.reduce(
    (all, name, index) => {
      return all.replace(name, `pvc-${String(index).repeat(8)}-0000-0000-0000-000000000000`);
    },
    `${inPlacePlanLines(made, now).join('\n')}\n`,
  );
  matchGolden('commands/in-place/plan', text);
});

test('only the claims that the user names are planned, and the session repeats them', async () => {
  await place('only');
  const { rows, session } = await plan('only', 'Deployment/web', { only: ['logs'] });
  assert.deepEqual(
    rows.map(({ claim }) => claim),
    ['logs'],
  );
  assert.equal(session.metadata.annotations?.[annotation.restoreFlags], '[["--only","logs"]]');
});

test('a statefulset counts its replicas and pods, and what a quota leaves', async () => {
  world.standAt(0);
  await world.create(namespace('set'), statefulSet('set', 'db', { replicas: 2 }));
  await world.bound('set', 'data-db-0', 'data-db-1');
  await running('set', 2);
  await snapshot('set', 'sts/db');
  const quota = async (name: string, storage: string) => {
    const spec = { hard: { 'requests.storage': storage } };
    await world.create([
      resourceQuotas,
      object('v1', 'ResourceQuota', { metadata: { name, namespace: 'set' }, spec }),
    ]);
    await world.until(resourceQuotas, 'set', name, (it) => it?.status?.used !== undefined);
  };
  await quota('enough', '6Gi');
  const { replicas, pods, storage, stop } = await plan('set', 'StatefulSet/db');
  const gibibyte = 1024n ** 3n;
  assert.deepEqual(
    { replicas, pods, storage, stop },
    {
      replicas: 2,
      pods: 2,
      storage: { needed: 2n * gibibyte, left: 4n * gibibyte },
      stop: { method: 'scale' },
    },
  );
  await quota('narrow', '3Gi');
  await refused(plan('set', 'StatefulSet/db'), /^the restore does not fit into resourcequota narrow: 1Gi of/);
});

test('a claim that is bound late is staged on the node of its pod', async () => {
  world.standAt(0);
  await world.create(
    namespace('late'),
    [
      storageClasses,
      object('storage.k8s.io/v1', 'StorageClass', {
        ...{ metadata: { name: 'late' }, provisioner: 'sandbox.csi.stash.dev' },
        volumeBindingMode: 'WaitForFirstConsumer',
      }),
    ],
    claim('late', 'data', { storageClass: 'late' }),
    deployment('late', 'web', ['data']),
  );
  await world.bound('late', 'data');
  await running('late', 1);
  await snapshot('late', 'deploy/web');
  const [pod] = (await world.cluster.list(pods, { namespace: 'late' })).items;
  const { templates } = await plan('late', 'Deployment/web');
  assert.deepEqual(
    templates.map(({ metadata }) => metadata.annotations?.[selectedNode]),
    [pod?.spec.nodeName],
  );
});

test('a claim is planned without a workload to stop, once its pods are those of a named workload', async () => {
  await place('claim');
  await snapshot('claim', 'pvc/data');
  await refused(
    plan('claim', 'PersistentVolumeClaim/data'),
    /pod web-.* uses claim data and belongs to deployment\/web$/,
    /--also deployment\/web/,
  );
  const also = [{ kind: 'Deployment', name: 'web' }] as const;
  const made = await plan('claim', 'PersistentVolumeClaim/data', { also });
  assert.deepEqual([made.stop, made.replicas, made.pods], [{ method: 'gate' }, undefined, 1]);
  await refused(
    plan('claim', 'Deployment/web', { also: [{ kind: 'PersistentVolumeClaim', name: 'data' }] }),
    /^--also takes a workload, and persistentvolumeclaim\/data runs no pods$/,
  );
});

test('a pod of another workload that uses the claim is stopped, too, behind the gate', async () => {
  await place('shared');
  await world.create(deployment('shared', 'report', ['data']));
  await running('shared', 2);
  await refused(plan('shared', 'Deployment/web'), /pod report-.* belongs to deployment\/report$/);
  const { stop, pods, record } = await plan('shared', 'Deployment/web', {
    also: [{ kind: 'Deployment', name: 'report' }],
  });
  assert.deepEqual(record.also, ['deployment/report']);
  assert.deepEqual([stop, pods], [{ method: 'gate', why: 'other workloads have to stop, too' }, 2]);
});

test('a workload must exist, and use no claim that the restore point lacks', async () => {
  await place('changed');
  await world.cluster.delete(deployments, { name: 'web', namespace: 'changed' });
  await refused(plan('changed', 'Deployment/web'), /"web" not found/);
  await world.create(deployment('changed', 'web', ['data', 'logs', 'new'], { replicas: 0 }));
  await refused(
    plan('changed', 'Deployment/web'),
    /has no claim new of deployment\/web$/,
    /--only data,logs/,
  );
});

test('an operator that would carry the session out is in the way', async () => {
  await place('operator');
  const groups = () => Promise.resolve([appscodeOperatorGroup]);
  await refused(
    plan('operator', 'Deployment/web', {}, { ...cluster, groups }),
    /AppsCode's Stash operator runs here, and would carry the session out without the swap$/,
  );
  await refused(
    plan('operator', 'Deployment/web', { executor: 'operator' }),
    /^no operator restores in place: the command line does$/,
    /leave out --executor=operator/,
  );
});

test('a user who may not patch volumes, or delete claims, is told which right is missing', async () => {
  await place('rights');
  const without = (verb: string, plural: string): Cluster => ({
    ...cluster,
    create: async <T extends KubernetesObject>(...args: Parameters<Cluster['create']>) => {
      const answer = (await cluster.create(...args)) as Stored<T>;
      if (answer.kind === 'SelfSubjectRulesReview') {
        return { ...answer, status: { incomplete: true, resourceRules: [] } } as unknown as Stored<T>;
      }
      const { resourceAttributes: asked } = (answer as unknown as SelfSubjectAccessReview).spec;
      assert.equal(asked.namespace === undefined, asked.resource === 'persistentvolumes');
      const allowed = asked.verb !== verb || asked.resource !== plural;
      return { ...answer, status: { allowed } } as unknown as Stored<T>;
    },
  });
  await refused(
    plan('rights', 'Deployment/web', { method: 'swap' }, without('patch', 'persistentvolumes')),
    /^cannot restore in place: user "jane" may not patch persistentvolumes$/,
    /--suffix\nkubectl auth can-i patch persistentvolumes$/,
  );
  await refused(
    plan('rights', 'Deployment/web', {}, without('patch', 'persistentvolumes')),
    /^cannot restore in place: user "jane" may not patch persistentvolumes, so the present volumes would be deleted$/,
    /add --method=recreate$/,
  );
  const confirmed = { confirms: true };
  const { record, templates, storage } = await plan(
    ...(['rights', 'Deployment/web', confirmed, without('patch', 'persistentvolumes')] as const),
  );
  assert.equal(record.method, 'recreate');
  assert.match(record.before ?? '', /^before-restore-deploy-web-/);
  assert.deepEqual(
    templates.map(({ metadata }) => metadata.name),
    ['data', 'logs'],
  );
  assert.equal(storage.needed, 0n);
  await refused(
    plan('rights', 'Deployment/web', {}, without('delete', 'persistentvolumeclaims')),
    /^user "jane" may not delete persistentvolumeclaims in namespace rights$/,
  );
});

test('the same command finds the session that it began, and no other one', async () => {
  await place('again');
  const made = await plan('again', 'Deployment/web', { only: ['data'] });
  const find = (asked: Asked) =>
    findUnfinishedInPlace(readerOf(cluster, 'again'), request('again', 'Deployment/web', asked));
  const only = ['data'];
  assert.equal(await find({ only }), undefined);
  await world.create([restoreSessions, made.session]);
  const { name } = made.session.metadata;
  for (const from of ['latest', '-1', made.point.session, `backupsession/${made.point.session}`]) {
    assert.equal((await find({ only, from }))?.metadata.name, name, from);
  }
  assert.equal(await find({}), undefined);
  assert.equal(await find({ only, from: 'deploy-web-1' }), undefined);
  const other = request('again', 'StatefulSet/web', { only });
  assert.equal(await findUnfinishedInPlace(readerOf(cluster, 'again'), other), undefined);
  await refused(
    plan('again', 'Deployment/web'),
    /^cannot restore in place: restoresession\/restore-deploy-web-\d+ restores these claims in place/,
    /kubectl stash restore deployment\/web --in-place -n again --from \S+ --only data$/,
  );
  const given = await world.cluster.get(restoreSessions, name, 'again');
  for (const changed of [
    withRecord(given, { abandoned: true }),
    withRecord(given, { volumesOf: 'restore-old' }),
    { ...given, status: { phase: 'Failed' as const } },
    { ...given, metadata: { ...given.metadata, deletionTimestamp: '2026-03-14T03:00:00Z' } },
    { ...given, metadata: { ...given.metadata, annotations: {} } },
  ]) {
    const sessions = { restoreSessions: () => Promise.resolve([changed]) };
    assert.equal(
      await findUnfinishedInPlace(sessions, request('again', 'Deployment/web', { only })),
      undefined,
    );
  }
});

function withRecord(
  session: Stored<RestoreSession>,
  change: Partial<NonNullable<ReturnType<typeof readRecord>>>,
): Stored<RestoreSession> {
  const record = readRecord(session);
  assert.ok(record);
  const { metadata } = session;
  const value = formatRecord({ ...record, ...change });
  return {
    ...session,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotation.inPlace]: value } },
  };
}

/**
 * Failures around the operator while sessions run: of the node, the API server, the operator, its image, its
 * rights.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { suite, test, type TestContext } from 'node:test';

import { clusterRole, operatorName, operatorNamespace } from '#src/api/operator.ts';
import {
  backupSessions,
  clusterRoles,
  deployments,
  leases,
  pods,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { findCondition } from '#src/domain/session/session-status.ts';
import { isStashError } from '#src/errors.ts';
import { snapshotterJobName } from '#src/domain/workload/names.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import {
  beginSession,
  faultyClass,
  createWorkload,
  hooksRun,
  note,
  podOf,
  untilEnded,
  untilSession,
  untilEvent,
} from '#test/e2e/operator/home.ts';
import { freePort, requestsTo, listening } from '#test/e2e/operator/listening.ts';
import { checkLog } from '#test/session/hooked.ts';
import { until } from '#test/support/until.ts';

import { currentPlace } from './node/place.ts';
import type { RunningProcess } from './processes.ts';
import type { Program } from './sources.ts';
import { openStand } from './stand.ts';

const { controlPlane, server } = await openStand('raised');
const { cluster } = server;
const hooks = { preBackup: note('freeze'), postBackup: note('thaw') };
const maxFreezeMs = 20_000;
/** A snapshot that is cut after the application was thawed does not count as consistent. */
const notCut = /not cut (when the application|within 20s of quiescing the application, which) was resumed/;
const realNode = (await currentPlace()) === undefined && 'it needs a real node';

async function install(...more: string[]): Promise<void> {
  const argv = ['install', '--timeout', '3m', `--max-freeze=${maxFreezeMs / 1000}s`, ...more];
  const { code, stderr } = await runPlugin(controlPlane.kubeconfig, argv);
  if (code !== 0) throw new Error(`install: ${stderr}`);
}

await install();

function part(name: Program): RunningProcess {
  const found = controlPlane.processes.get(name);
  assert.ok(found, name);
  return found;
}

async function openSlow(
  t: TestContext,
  parameters: Record<string, string>,
  spec: Partial<BackupConfiguration['spec']> = {},
): Promise<Place> {
  const place = await openPlace(t, server);
  const snapshotClassName = await faultyClass(t, server, place, parameters);
  await createWorkload(place, { snapshotClassName, spec: { hooks, ...spec } });
  return place;
}

/** Resolves with the processes of this node whose command line contains all these words. */
async function processesOf(...words: string[]): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((it) => /^\d+$/.test(it))) {
    const line = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words.every((word) => line.some((it) => it.includes(word)))) found.push(Number(pid));
  }
  return found;
}

/** Waits for the kubelet after its restart, when it does not know all of its pods yet. */
async function requestsAfterRestart(place: Place): Promise<string[]> {
  const began = performance.now();
  for (;;) {
    try {
      return await requestsTo(place);
    } catch (error) {
      if (!isStashError(error, 'not-found') || performance.now() - began > 60_000) throw error;
      await setTimeout(500);
    }
  }
}

async function leader(): Promise<string> {
  const [lease] = await until(cluster, leases, { namespace: operatorNamespace }, (all) =>
    all.some(({ metadata, spec }) => metadata.name === operatorName && (spec?.holderIdentity ?? '') !== ''),
  );
  return lease?.spec?.holderIdentity ?? '';
}

await suite('operator-trouble', () => {
  test('the API server is down while an application is quiesced: the application is thawed, and the session ends', async (t) => {
    const place = await openSlow(t, { cutDelay: '4s', delay: '6s' });
    await beginSession(place, 'struck');
    await place.until(volumeSnapshots, (all) => all.length === 1);
    const apiServer = part('kube-apiserver');
    await apiServer.kill();
    await setTimeout(8_000);
    await apiServer.start();
    // Programs that lost their leases have exited.
    for (const name of [
      'kube-controller-manager',
      'kube-scheduler',
      'csi-snapshotter',
      'snapshot-controller',
    ] as const) {
      const program = controlPlane.processes.get(name);
      await program?.kill();
      await program?.start();
    }
    const { status } = await untilEnded(place, 'struck');
    checkLog((await hooksRun(place)).trim().split(' '), JSON.stringify(status));
    assert.equal((await place.list(volumeSnapshots)).length, 1);
    if (status?.phase !== 'Succeeded') assert.match(JSON.stringify(status), notCut);
    assert.equal((await place.list(backupSessions)).length, 1);
  });

  test(
    'the node of a Job is lost while an application is quiesced: the operator thaws it in time',
    { skip: realNode },
    async (t) => {
      const port = await freePort();
      const place = await openPlace(t, server);
      const snapshotClassName = await faultyClass(t, server, place, { cutDelay: '40s' });
      const hook = (path: string) => ({ httpGet: { port, path: `/cgi-bin/${path}` } });
      await createWorkload(
        place,
        { snapshotClassName, spec: { hooks: { preBackup: hook('freeze'), postBackup: hook('thaw') } } },
        listening(port),
      );
      await beginSession(place, 'struck');
      await place.until(volumeSnapshots, (all) => all.length === 1);
      const executor = await podOf(place, snapshotterJobName('struck'));
      const kubelet = part('kubelet');
      await kubelet.kill();
      const [pid, ...others] = await processesOf('create-vs', 'struck');
      assert(pid !== undefined && others.length === 0, String([pid, ...others]));
      process.kill(pid, 'SIGKILL');
      const struck = performance.now();
      try {
        const session = await untilSession(place, 'struck', ({ status }) =>
          JSON.stringify(status ?? {}).includes('PostBackupHookExecutionSucceeded'),
        );
        assert(performance.now() - struck < maxFreezeMs + 10_000);
        assert.match(JSON.stringify(session.status), /SuccessfullyExecutedPostBackupHook/);
        // For Kubernetes, the pod still runs.
        const { metadata, status } = await podOf(place, snapshotterJobName('struck'));
        assert.deepEqual([metadata.uid, status?.phase], [executor.metadata.uid, 'Running']);
      } finally {
        await kubelet.start();
      }
      const { status } = await untilEnded(place, 'struck');
      assert.equal(status?.phase, 'Failed');
      assert.match(JSON.stringify(status), notCut);
      // A snapshot that is deleted while it is being cut may stay forever.
      await place.until(volumeSnapshots, (all) => all.every((it) => it.status?.readyToUse === true));
      assert.deepEqual((await requestsAfterRestart(place)).slice(0, 2), [
        'GET /cgi-bin/freeze',
        'GET /cgi-bin/thaw',
      ]);
    },
  );

  test('a right is missing: creating the Job is retried until the right is granted', async (t) => {
    const place = await openSlow(t, {});
    const at = { name: clusterRole.operator };
    const { rules } = await cluster.get(clusterRoles, at.name);
    const fewer = rules.map((rule) =>
      rule.resources.includes('jobs')
        ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'create') }
        : rule,
    );
    assert.notDeepEqual(fewer, rules);
    await cluster.patch(clusterRoles, at, { rules: fewer });
    try {
      await beginSession(place, 'struck');
      assert.match(await untilEvent(place, 'struck', 'FailedToEnsureBackupExecutor'), /jobs/);
    } finally {
      await cluster.patch(clusterRoles, at, { rules });
    }
    assert.equal((await untilEnded(place, 'struck')).status?.phase, 'Succeeded');
  });

  test(
    'an image that cannot be pulled is reported at once, and the session fails at its deadline',
    { skip: realNode },
    async (t) => {
      const place = await openSlow(t, {}, { timeOut: '30s' });
      const at = { name: operatorName, namespace: operatorNamespace };
      const { spec } = await cluster.get(deployments, at.name, at.namespace);
      const [container] = spec.template.spec.containers;
      const args = container?.args?.map((it) => (it.startsWith('--image=') ? '--image=busybox:none' : it));
      const patch = { spec: { template: { spec: { containers: [{ name: container?.name, args }] } } } };
      await cluster.patch(deployments, at, patch, { type: 'strategic' });
      await until(
        cluster,
        pods,
        { namespace: operatorNamespace },
        (all) =>
          all.length > 0 && all.every((it) => it.spec.containers[0]?.args?.includes('--image=busybox:none')),
        120_000,
      );
      await beginSession(place, 'struck');
      assert.match(await untilEvent(place, 'struck', 'BackupWaiting'), /cannot pull its image/);
      const session = await untilEnded(place, 'struck');
      assert.equal(session.status?.phase, 'Failed');
      assert.match(findCondition(session, 'DeadlineExceeded')?.message ?? '', /cannot pull its image/);
      await install();
    },
  );

  test('an operator with in-process sessions dies: the next leader continues them', async (t) => {
    const place = await openSlow(t, { delay: '10s' });
    await install('--run-sessions=in-process');
    await beginSession(place, 'struck');
    await place.until(volumeSnapshots, ([it]) => it?.status?.creationTime);
    const former = await leader();
    const { items } = await cluster.list(pods, { namespace: operatorNamespace });
    const struck = items.find(({ metadata }) => former.startsWith(`${metadata.name}-`));
    assert(struck, former);
    await cluster.delete(pods, struck.metadata, { gracePeriodSeconds: 0 });
    const { status } = await untilEnded(place, 'struck');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    assert.equal((await place.list(volumeSnapshots)).length, 1);
    checkLog((await hooksRun(place)).trim().split(' '));
  });
});

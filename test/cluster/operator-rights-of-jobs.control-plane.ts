/** Removes each right of the Jobs in turn: the session or the Job's log says which one is missing. */
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import {
  backupSessions,
  events,
  persistentVolumeClaims,
  pods,
  restoreSessions,
  storageClasses,
  type Resource,
} from '#src/api/resources.ts';
import { clusterRole } from '#src/api/operator.ts';
import { restoreJobName, snapshotterJobName } from '#src/domain/workload/names.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { storageClass } from '#test/support/classes.ts';
import { until } from '#test/support/until.ts';

import {
  account,
  beginAs,
  grant,
  installedRules,
  makeNeverReadyClass,
  naming,
  permissionsIn,
  rulesWithout,
  type RunAs,
} from './operator-rights-accounts.ts';
import { jobNeeds, openJobHome, type JobHome, type JobNeed, type JobRole } from './operator-rights-jobs.ts';
import { openStand } from './stand.ts';

const { server } = await openStand('raised');
const { cluster } = server;

await makeNeverReadyClass(server);
await cluster.create(storageClasses, storageClass('broken', driverName, { fault: 'error-always' }));
await cluster.create(storageClasses, storageClass('silent', 'nobody.example.com'));
/** How long a refused watch may be retried, with a list before it, before it is given up. */
const givenUpMs = 9_000;

let count = 0;
/** Creates an account with all rights of a role but `permission`. */
async function accountWithout(role: string, permission: string, namespace: string) {
  const identity = account(namespace, `without-${++count}`);
  const rules = installedRules('ClusterRole', role);
  await grant(server, identity, permission === '' ? rules : rulesWithout(rules, permission), { namespace });
  return identity;
}

let home: JobHome;
let namespace: string;

function argvOf(role: JobRole, name: string): string {
  return {
    trigger: 'operator create-backupsession --invoker-name plain',
    snapshotter: `operator create-vs --backupsession ${name}`,
    restorer: `operator restore-vs --restoresession ${name}`,
  }[role];
}

async function statusOf(role: JobRole, name: string) {
  const resource: Resource<BackupSession | RestoreSession> =
    role === 'restorer' ? restoreSessions : backupSessions;
  return (await cluster.get(resource, name, namespace)).status;
}

function runOf({ role, lost }: JobNeed): RunAs {
  return {
    namespace,
    ...(role === 'trigger' && { env: { TRIGGER: `trigger-${++count}` } }),
    ...(lost && { seenAs: home.loseAnswer }),
  };
}

suite('a Job that lacks one of its rights', { concurrency: 6 }, () => {
  before(async () => {
    home = await openJobHome(server, 'never-ready');
    namespace = home.namespace;
  });
  for (const [index, need] of jobNeeds.entries()) {
    const { role, permission, told, held } = need;
    test(`${role}, ${permission}: the ${told === 'exit' ? 'log of the Job' : 'session'} says so`, async () => {
      const name = `${role}-${index}`;
      const identity = await accountWithout(clusterRole[role], permission, namespace);
      if (role === 'snapshotter') {
        const session = await home.backup(name, need);
        if (need.taken) await home.takeSnapshotName(session);
      }
      if (role === 'restorer') await home.restore(name, need);
      const { exit, context } = beginAs(server, identity, argvOf(role, name), runOf(need));
      const code = await exit;
      if (told === 'exit') {
        assert.equal(code, 1, context.stderr());
        assert.match(context.stderr(), naming(permission));
        if (role !== 'trigger' && held === undefined) {
          assert.equal((await statusOf(role, name))?.phase, undefined);
        }
      } else {
        assert.equal(code, 0, context.stderr());
        const status = await statusOf(role, name);
        assert.equal(status?.phase, 'Failed', JSON.stringify(status));
        assert.match(JSON.stringify(status).replaceAll('\\"', '"'), naming(permission));
      }
    });
  }

  for (const role of ['snapshotter', 'restorer'] as const) {
    for (const permission of ['', 'get pods']) {
      const how =
        permission === '' ? 'with all rights, at once' : 'without get pods, once its hold is 30 s old';
      test(`${role}, a session that a deleted pod still holds: ${how}`, async () => {
        const name = `gone-${role}-${permission.length}`;
        const held = `${role === 'restorer' ? restoreJobName(name) : snapshotterJobName(name)}-abcde 1`;
        const identity = await accountWithout(clusterRole[role], permission, namespace);
        await (role === 'restorer' ? home.restore(name, { held }) : home.backup(name, { held }));
        const began = performance.now();
        const { exit, context } = beginAs(server, identity, argvOf(role, name), { namespace });
        assert.equal(await exit, 0, context.stderr());
        assert.equal((await statusOf(role, name))?.phase, 'Succeeded');
        const atOnce = performance.now() - began < 25_000;
        assert.equal(atOnce, permission === '');
      });
    }
  }

  for (const permission of ['', 'list events', 'watch events']) {
    test(`restorer, ${permission || 'all rights'}: what the restore reports about a waiting claim`, async () => {
      const name = `silent-${permission.length}`;
      const identity = await accountWithout(clusterRole.restorer, permission, namespace);
      await home.restore(name, { storageClass: 'silent', restore: { timeOut: '20s' } });
      const { exit } = beginAs(server, identity, argvOf('restorer', name), { namespace });
      const [waiting] = await until(cluster, persistentVolumeClaims, { namespace }, (all) =>
        all.some(({ metadata }) => metadata.name === name),
      ).then((all) => all.filter(({ metadata }) => metadata.name === name));
      await setTimeout(givenUpMs);
      await cluster.create(events, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { generateName: 'told-', namespace },
        involvedObject: { kind: 'PersistentVolumeClaim', name, namespace, uid: waiting?.metadata.uid ?? '' },
        ...{ type: 'Warning', reason: 'ProvisioningFailed', message: 'the storage is on fire' },
      });
      await exit;
      const status = await statusOf('restorer', name);
      assert.equal(status?.phase, 'Failed');
      assert.equal(/on fire/.test(JSON.stringify(status)), permission === '', JSON.stringify(status));
    });
  }

  for (const permission of ['', 'watch pods']) {
    test(`restorer, ${permission || 'all rights'}: the pod that a claim waits for is deleted`, async () => {
      const name = `consumer-${permission.length}`;
      const identity = await accountWithout(clusterRole.restorer, permission, namespace);
      await cluster.create(pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace },
        spec: {
          nodeSelector: { 'kubernetes.io/os': 'plan9' },
          containers: [{ name: 'reader', image: 'busybox', command: ['/bin/sh', '-c', 'sleep 3000'] }],
          volumes: [{ name: 'restored', persistentVolumeClaim: { claimName: name } }],
        },
      });
      await home.restore(name, { storageClass: server.waitClass ?? '', restore: { timeOut: '25s' } });
      const { exit } = beginAs(server, identity, argvOf('restorer', name), { namespace });
      await until(cluster, persistentVolumeClaims, { namespace }, (all) =>
        all.some(({ metadata }) => metadata.name === name),
      );
      await setTimeout(givenUpMs);
      await cluster.delete(pods, { name, namespace }, { gracePeriodSeconds: 0 });
      await exit;
      assert.equal((await statusOf('restorer', name))?.phase, permission === '' ? 'Unknown' : 'Failed');
    });
  }

  test('every right of the Jobs is tested above', () => {
    const apart: Readonly<Record<JobRole, readonly string[]>> = {
      trigger: [],
      snapshotter: ['get pods'],
      restorer: ['get pods', 'watch pods', 'list events', 'watch events'],
    };
    for (const role of Object.keys(apart) as JobRole[]) {
      const seen = jobNeeds.filter((need) => need.role === role).map(({ permission }) => permission);
      const all = permissionsIn(installedRules('ClusterRole', clusterRole[role])).map(({ words }) => words);
      assert.deepEqual([...seen, ...apart[role]].sort(), all.sort(), role);
    }
  });
});

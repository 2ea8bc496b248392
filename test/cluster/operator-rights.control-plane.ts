/**
 * The rights that `install` grants, on a server that enforces them. Without any one of them, an error names
 * it; with all of them, no request is refused.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  deployments,
  events,
  jobs,
  pods,
  restoreSessions,
  type Resource,
} from '#src/api/resources.ts';
import { clusterRole, operatorName, operatorNamespace } from '#src/api/operator.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { cronJobName } from '#src/domain/workload/names.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import { until } from '#test/support/until.ts';

import {
  account,
  beginAs,
  grant,
  installedRules,
  makeNamespace,
  makeNeverReadyClass,
  naming,
  permissionsIn,
  rulesWithout,
  type RunningAs,
} from './operator-rights-accounts.ts';
import { readAuditedRequests } from './operator-rights-audit.ts';
import { openJobHome, restoreOf, workloadKinds } from './operator-rights-jobs.ts';
import { lostRestorer, openOperatorHome, operatorNeeds, type OperatorNeed } from './operator-rights-needs.ts';
import { openStand } from './stand.ts';

const { controlPlane, server } = await openStand('raised');
const { cluster } = server;

await makeNeverReadyClass(server);
let count = 0;

suite('an operator that lacks a right of its own that it needs to start', { concurrency: 6 }, () => {
  const rules = installedRules('ClusterRole', clusterRole.operator);
  const followed = permissionsIn(rules).filter(
    ({ right }) => /^(list|watch) /.test(right) && !right.includes('volumesnapshots'),
  );
  for (const { words } of followed) {
    test(`${words}: it exits and says so`, async () => {
      const identity = account(operatorNamespace, `starts-without-${words.replaceAll(/\W+/g, '-')}`);
      await grant(server, identity, rulesWithout(rules, words), 'everywhere');
      const argv = 'operator run --leader-elect=false --listen=127.0.0.1:0';
      const { exit, context } = beginAs(server, identity, argv, { namespace: 'default' });
      assert.equal(await exit, 1, context.stderr());
      assert.match(context.stderr(), naming(words));
    });
  }
  const ofLease = installedRules('Role', operatorName);
  for (const { words, right } of permissionsIn(ofLease)) {
    test(`${words}: it never leads, and its log says so`, async () => {
      const namespace = await makeNamespace(server);
      const identity = account(namespace, 'candidate');
      await grant(server, identity, rules, 'everywhere');
      await grant(server, identity, rulesWithout(ofLease, words), { namespace });
      // This lease has expired.
      if (right.startsWith('patch')) {
        await cluster.create(
          { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true },
          {
            apiVersion: 'coordination.k8s.io/v1',
            kind: 'Lease',
            metadata: { name: operatorName, namespace },
          },
        );
      }
      const stop = new AbortController();
      const { exit, context } = beginAs(server, identity, 'operator run --listen=127.0.0.1:0', {
        namespace,
        signal: stop.signal,
      });
      await eventually(() => naming(right).test(context.stdout()));
      assert.doesNotMatch(context.stdout(), /"msg":"leading"/);
      stop.abort();
      await exit;
    });
  }
});

suite('the operator as installed', { concurrency: 8 }, () => {
  before(async () => {
    const { code, stderr } = await runPlugin(server.kubeconfig, ['install', '--timeout', '3m']);
    assert.equal(code, 0, stderr);
  });

  for (const { permission, bring } of operatorNeeds) {
    test(`${permission}: the operator can do what needs it`, async () => {
      const place = await makeNamespace(server);
      await bring(await openOperatorHome(server, place));
    });
  }

  test('a restore whose executor has died is ended', async () => {
    await lostRestorer(await openOperatorHome(server, await makeNamespace(server)));
  });

  test('Jobs of all kinds', async () => {
    const jobHome = await openJobHome(server, 'never-ready');
    const at = { namespace: jobHome.namespace };
    for (const kind of workloadKinds)
      await jobHome.backup(`of-${kind.toLowerCase()}`, { configuration: kind.toLowerCase() });
    await jobHome.backup('of-hooked', { configuration: 'hooked' });
    const cronJob = cronJobName('plain');
    const [trigger] = await until(cluster, cronJobs, at, (all) =>
      all.some(({ metadata }) => metadata.name === cronJob),
    ).then((all) => all.filter(({ metadata }) => metadata.name === cronJob));
    assert(trigger);
    const { metadata, spec } = trigger.spec.jobTemplate;
    await cluster.create(jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { ...metadata, name: 'by-hand', namespace: jobHome.namespace },
      spec,
    });
    for (const kind of workloadKinds) {
      const name = `back-${kind.toLowerCase()}`;
      await jobHome.restore(name, { restore: restoreOf(kind), storageClass: 'sandbox' });
    }
    const backups = await until(cluster, backupSessions, at, (all) => all.length === 7 && all.every(isFinal));
    assert.deepEqual(
      backups
        .filter(({ status }) => status?.phase !== 'Succeeded')
        .map(({ metadata, status }) => [metadata.name, status]),
      [],
    );
    await jobHome.restore('back-late', { storageClass: server.waitClass ?? '' });
    const restores = await until(
      cluster,
      restoreSessions,
      at,
      (all) => all.length === 6 && all.every(isFinal),
    );
    assert.deepEqual(
      restores
        .filter(({ status }) => status?.phase === 'Failed')
        .map(({ metadata, status }) => [metadata.name, status]),
      [],
    );
  });
});

suite('the audit log of the API server', () => {
  // The audit log contains a watch only after its end.
  before(async () => {
    await cluster.delete(
      deployments,
      { name: operatorName, namespace: operatorNamespace },
      { propagation: 'Foreground' },
    );
    await until(cluster, pods, { namespace: operatorNamespace }, (left) => left.length === 0);
  });

  /** Servers from 1.35 on authorize it within the `get` request. */
  const withinGet = 'create pods/exec';
  /** Rights that these sessions do not use, by role: the tests above cover them. */
  const seldom: Readonly<Record<string, readonly string[]>> = {
    [clusterRole.operator]: [
      'get backupsessions.stash.appscode.com',
      'get restoresessions.stash.appscode.com',
      'delete restoresessions.stash.appscode.com',
      // The server checks it when a binding is created.
      'bind clusterroles.rbac.authorization.k8s.io',
      withinGet,
    ],
    [clusterRole.trigger]: [],
    [clusterRole.snapshotter]: [
      'list backupsessions.stash.appscode.com',
      'watch backupsessions.stash.appscode.com',
      'get volumesnapshots.snapshot.storage.k8s.io',
      'get pods',
      withinGet,
    ],
    [clusterRole.restorer]: [
      'list restoresessions.stash.appscode.com',
      'watch restoresessions.stash.appscode.com',
      'get persistentvolumeclaims',
      'get pods',
      // Claims that bind at once leave no time for it.
      'watch pods',
      'watch events',
      withinGet,
    ],
    [clusterRole.snapshotClasses]: [],
  };
  // A configuration's account is bound to both, and the server names the first role that allows the request.
  const ofOneAccount: readonly string[] = [clusterRole.trigger, clusterRole.snapshotter];
  for (const [role, exempt] of Object.entries(seldom)) {
    test(`all rights of ${role} are used`, async () => {
      const granted = [
        ...permissionsIn(installedRules('ClusterRole', role)),
        ...(role === clusterRole.operator ? permissionsIn(installedRules('Role', operatorName)) : []),
      ];
      let missing: string[] = [];
      await eventually(async () => {
        const requests = await readAuditedRequests(controlPlane.auditLog);
        const counts = (by: string | undefined) =>
          by === role || (by !== undefined && ofOneAccount.includes(by) && ofOneAccount.includes(role));
        const used = new Set(requests.filter((each) => counts(each.role)).map(({ right }) => right));
        missing = granted
          .map(({ right }) => right)
          .filter((right) => !used.has(right) && !exempt.includes(right));
        return missing.length === 0;
      }).catch(() => undefined);
      assert.deepEqual(missing, []);
    });
  }

  test('only an optional request was refused: for the handle of a volume', async () => {
    const requests = await readAuditedRequests(controlPlane.auditLog);
    assert(requests.length > 500, 'too few requests in the audit log');
    // A Job asks for the handle once, and continues without it if its account may not read volumes.
    const isOptional = (right: string) => right === 'list persistentvolumes';
    const refused = requests.filter(({ role, right }) => role === undefined && !isOptional(right));
    assert.deepEqual([...new Set(refused.map(({ user, right }) => `${user}: ${right}`))], []);
  });
});

suite('an operator that lacks a right that it needs later', { concurrency: 8 }, () => {
  const all = permissionsIn(installedRules('ClusterRole', clusterRole.operator));
  const isFollowing = (right: string) => /^(list|watch) /.test(right) && !right.includes('volumesnapshots');
  const everywhere = all.filter(({ right }) => isFollowing(right)).map(({ rule }) => rule);
  const inPlace = all.filter(({ right }) => !isFollowing(right)).map(({ rule }) => rule);
  const identity = account(operatorNamespace, 'limited');
  const disturbed = new Set<string>();
  const stop = new AbortController();
  let running: RunningAs;

  before(async () => {
    await grant(server, identity, everywhere, 'everywhere');
    running = beginAs(server, identity, 'operator run --leader-elect=false --listen=127.0.0.1:0', {
      namespace: 'default',
      signal: stop.signal,
      seenAs: (theirs) => ({ ...theirs, patch: disturb(theirs.patch.bind(theirs), disturbed) }),
    });
    await eventually(() => running.context.stdout().includes('the caches are filled'));
  });
  after(async () => {
    stop.abort();
    await running.exit;
  });

  for (const { permission, bring, told, words, conflict } of operatorNeeds) {
    test(`${permission}: the ${told} says so`, async () => {
      const place = await makeNamespace(server);
      if (conflict) disturbed.add(place);
      await grant(server, identity, rulesWithout(inPlace, permission), { namespace: place });
      await bring(await openOperatorHome(server, place));
      const wanted = words ?? naming(permission);
      let heard = '';
      await eventually(async () => {
        heard = await tellings(told, place, running.context.stdout());
        return wanted.test(heard.replaceAll('\\"', '"'));
      }).catch(() => {
        assert.match(heard, wanted);
      });
    });
  }

  test('every right of the operator is tested', () => {
    const seen = operatorNeeds.map(({ permission }) => permission);
    const expected = permissionsIn(inPlace).map(({ words }) => words);
    assert.deepEqual(seen.sort(), expected.sort());
  });
});

/** Resolves with everything reported in one place. */
async function tellings(told: OperatorNeed['told'], place: string, log: string): Promise<string> {
  const at = { namespace: place };
  const statuses = async (...kinds: Resource<BackupConfiguration | BackupSession | RestoreSession>[]) => {
    const lists = await Promise.all(kinds.map((kind) => cluster.list(kind, at)));
    return JSON.stringify(lists.flatMap(({ items }) => items.map(({ status }) => status)));
  };
  switch (told) {
    case 'configuration':
      return statuses(backupConfigurations);
    case 'session':
      return statuses(backupSessions, restoreSessions);
    case 'event':
      return JSON.stringify((await cluster.list(events, at)).items.map(({ message }) => message));
    case 'log':
      return log
        .split('\n')
        .filter((line) => line.includes(place))
        .join('\n');
  }
}

/** In these namespaces, writes to a session right before each patch of its status. */
function disturb(patch: Cluster['patch'], disturbed: ReadonlySet<string>): Cluster['patch'] {
  return async (resource, at, change, options) => {
    const { namespace: place = '', name } = at;
    if (disturbed.has(place) && options?.subresource === 'status' && resource.plural.endsWith('sessions')) {
      const annotations = { disturbed: String(++count) };
      await cluster.patch(resource, { name, namespace: place }, { metadata: { annotations } });
    }
    return patch(resource, at, change, options);
  };
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const late = performance.now() + 60_000;
  while (!(await holds())) {
    assert(performance.now() < late, 'timed out');
    await setTimeout(100);
  }
}

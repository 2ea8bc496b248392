/** An operator that is installed for some namespaces works there only, and has no rights elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { label, managedBy } from '#src/api/labels.ts';
import { operatorName, operatorNamespace } from '#src/api/operator.ts';
import {
  backupConfigurations,
  clusterRoleBindings,
  clusterRoles,
  deployments,
  jobs,
  roleBindings,
  roles,
  serviceAccounts,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { beginSession, name, untilEnded, untilReady, untilRestored } from './home.ts';
import { configuration } from './manifests.ts';

/** `server`: the test's own, with the Stash kinds and without an operator. */
export function testWatchedNamespaces(server: TestServer): void {
  const { cluster, kubeconfig } = server;
  const stash = async (...argv: readonly string[]) => {
    const { code, stdout, stderr } = await runPlugin(kubeconfig, argv);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const install = (...namespaces: readonly string[]) =>
    stash(
      'install',
      '--timeout',
      '3m',
      '--replicas=1',
      ...namespaces.map((it) => `--watch-namespaces=${it}`),
    );

  const workload = async (place: Place) => {
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    await place.running('stash-demo');
    await place.create(backupConfigurations, configuration(name));
  };
  const ownObjects = async () => {
    const labelSelector = `${label.managedBy}=${managedBy}`;
    const kinds = [roles, roleBindings, clusterRoles, clusterRoleBindings, serviceAccounts];
    const lists = await Promise.all(kinds.map((kind) => cluster.list(kind, { labelSelector })));
    return lists.flatMap(({ items }) =>
      items.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`),
    );
  };
  const configurationOf = async (place: Place) => (await place.list(backupConfigurations))[0];

  test('an operator for some namespaces', async (t) => {
    const [watched, other] = [await openPlace(t, server), await openPlace(t, server)];
    await install(watched.namespace);
    t.after(() => stash('uninstall', '--force'));
    await Promise.all([workload(watched), workload(other)]);

    await t.test('carries sessions out there, in Jobs', async () => {
      await untilReady(watched);
      await beginSession(watched, 'one');
      assert.equal((await untilEnded(watched, 'one')).status?.phase, 'Succeeded');
      assert.equal((await watched.list(jobs)).length, 1);
      assert.equal((await watched.list(volumeSnapshots)).length, 1);
      const restore = await watched.succeeds(
        'restore deploy/stash-demo --suffix=-again --executor=operator --wait=false',
      );
      const [, session = ''] = /restoresession[^/]*\/(\S+)/.exec(restore.stdout + restore.stderr) ?? [];
      assert.equal((await untilRestored(watched, session)).status?.phase, 'Succeeded');
    });

    await t.test('does nothing in another namespace, and may read nothing there', async () => {
      await beginSession(other, 'one');
      assert.equal((await configurationOf(other))?.status?.phase, undefined);
      const as = `system:serviceaccount:${operatorNamespace}:${operatorName}`;
      const operator = await connect({ kubeconfig, as }, {}, { clock: scaledClock(), version: 'e2e' });
      t.after(() => {
        operator.cluster.close();
      });
      const { cluster: seen } = operator;
      const forbidden = { kind: 'forbidden' };
      await seen.list(backupConfigurations, { namespace: watched.namespace });
      await assert.rejects(seen.list(backupConfigurations, { namespace: other.namespace }), forbidden);
      await assert.rejects(seen.list(backupConfigurations), forbidden);
      const account = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'x', namespace: other.namespace },
      };
      await assert.rejects(seen.create(serviceAccounts, account), forbidden);
      const everywhere = (await ownObjects()).filter((it) => it.startsWith('Cluster'));
      assert.deepEqual(everywhere.sort(), [
        'ClusterRole /kubectl-stash-snapshot-classes',
        'ClusterRoleBinding /kubectl-stash-snapshot-classes',
      ]);
    });

    await t.test('doctor and install know which namespaces it watches', async () => {
      const doctor = (place: Place) => runPlugin(kubeconfig, ['doctor', '-n', place.namespace]);
      assert.match((await doctor(watched)).stdout, /the operator of namespace kubectl-stash runs/);
      assert.match(
        (await doctor(other)).stdout,
        /operator of namespace kubectl-stash does not watch namespace/,
      );
      const second = await runPlugin(kubeconfig, ['install', '-n', 'elsewhere', '--dry-run=client']);
      assert.match(second.stderr, /already installed in namespace kubectl-stash/);
      assert.match(await stash('version'), /kubectl-stash/);
    });

    await t.test('another install adds a namespace, and takes the rights in one back', async () => {
      await install(other.namespace);
      await untilReady(other);
      const rights = (await ownObjects()).filter((it) => it.includes('-watched'));
      assert.deepEqual(rights.sort(), [
        `Role ${other.namespace}/kubectl-stash-operator-watched`,
        `RoleBinding ${other.namespace}/kubectl-stash-operator-watched`,
      ]);
    });

    await t.test('an install for all namespaces takes the Roles back, and works in all', async () => {
      await install();
      assert.deepEqual(
        (await ownObjects()).filter((it) => it.includes('-watched')),
        [],
      );
      await untilReady(watched);
      await beginSession(watched, 'two');
      assert.equal((await untilEnded(watched, 'two')).status?.phase, 'Succeeded');
      await install(watched.namespace);
    });

    await t.test('uninstall removes it from all namespaces', async () => {
      await stash('uninstall', '--force');
      assert.deepEqual(await ownObjects(), []);
    });
  });
}
